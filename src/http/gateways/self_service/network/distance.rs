//! How far it is between two points on the globe.

use crate::domain::organisation::Position;
use crate::http::extract::Faults;

/// The mean radius of the earth (IUGG), in kilometres.
const EARTH_KM: f64 = 6_371.008_8;

/// A point on the globe, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    lat: f64,
    lon: f64,
}

impl Point {
    /// The point of these parameters, if both are there.
    pub(super) fn of(lat: Option<f64>, lon: Option<f64>) -> Option<Point> {
        Some(Point {
            lat: lat?,
            lon: lon?,
        })
    }

    /// A stored point.
    pub(super) fn at(position: Position) -> Point {
        let degrees = |of: i32| f64::from(of) / f64::from(Position::A_DEGREE);
        Point {
            lat: degrees(position.lat),
            lon: degrees(position.lon),
        }
    }

    /// How far it is to another point along the great circle, in kilometres, to the metre. By haversines, which are exact for short ways too.
    pub(super) fn km_to(self, other: Point) -> f64 {
        let (from, to) = (self.lat.to_radians(), other.lat.to_radians());
        let half = |one: f64, other: f64| ((other - one) / 2.0).sin().powi(2);
        let of_longitudes = half(self.lon.to_radians(), other.lon.to_radians());
        let chord = half(from, to) + from.cos() * to.cos() * of_longitudes;
        let km = 2.0 * EARTH_KM * chord.clamp(0.0, 1.0).sqrt().asin();
        (km * 1_000.0).round() / 1_000.0
    }
}

/// Checks `lat` and `lon`, which must both be there or neither.
pub(super) fn check(faults: &mut Faults, lat: Option<f64>, lon: Option<f64>) {
    for (member, of, other, most) in [("lat", lat, lon, 90.0), ("lon", lon, lat, 180.0)] {
        faults.require(
            of.is_none_or(|it| (-most..=most).contains(&it)),
            member,
            "out_of_range",
            "must be degrees: 90 at most of lat, 180 of lon",
        );
        faults.require(
            of.is_some() || other.is_none(),
            member,
            "missing_field",
            "must be there beside the other one of lat and lon",
        );
    }
}

/// Checks how far away something may be.
pub(super) fn check_radius(faults: &mut Faults, member: &str, km: Option<f64>) {
    faults.require(
        km.is_none_or(|it| it.is_finite() && it >= 0.0),
        member,
        "out_of_range",
        "must be kilometres, 0 or more",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(lat: f64, lon: f64) -> Point {
        Point { lat, lon }
    }

    #[test]
    fn distances_are_those_of_the_globe() {
        // The airports of Los Angeles and Nashville, an example that is computed everywhere: 2,886.4 km on a globe of 6,371 km.
        let km = point(33.94, -118.40).km_to(point(36.12, -86.67));
        assert!((2_886.0..2_887.0).contains(&km), "{km}");
        // A degree of a great circle is the 360th part of it.
        let degree = 2.0 * std::f64::consts::PI * EARTH_KM / 360.0;
        for (one, other) in [
            (point(0.0, 0.0), point(0.0, 1.0)),
            (point(50.0, 8.0), point(51.0, 8.0)),
            (point(0.0, 179.5), point(0.0, -179.5)),
        ] {
            assert!(
                (one.km_to(other) - degree).abs() < 0.001,
                "{one:?} {other:?}"
            );
            assert!(
                (other.km_to(one) - degree).abs() < 0.001,
                "{one:?} {other:?}"
            );
        }
        let antipodes = point(10.0, 20.0).km_to(point(-10.0, -160.0));
        assert!((antipodes - 180.0 * degree).abs() < 0.01, "{antipodes}");
        assert!(point(51.1, 1.3).km_to(point(51.1, 1.3)).abs() < f64::EPSILON);
    }
}
