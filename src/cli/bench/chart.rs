//! Line charts as SVG: one self-contained element for a page, or one file for a document. It needs no script and no font.

use std::fmt::Write;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 36.0;
const TOP: f64 = 58.0;
const BOTTOM: f64 = 50.0;

/// About how many ticks an axis has.
const TICKS: f64 = 6.0;

/// Colours that stay apart for people who tell few colours (Okabe and Ito), and look right on white and on black.
const COLOURS: [&str; 5] = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7"];

const STYLE: &str = "\
.chart{font:12px system-ui,sans-serif;fill:#333;--grid:#ddd}.chart .title{font-size:14px;font-weight:600}\
.chart .grid{stroke:var(--grid);stroke-width:1}.chart polyline{fill:none;stroke-width:2;stroke-linejoin:round}\
@media(prefers-color-scheme:dark){.chart{fill:#ccc;--grid:#444}}";

/// A chart of some lines over one pair of axes.
#[derive(Debug)]
pub struct Chart<'a> {
    /// What it shows.
    pub title: &'a str,
    /// The horizontal axis.
    pub x: Axis<'a>,
    /// The vertical axis.
    pub y: Axis<'a>,
    /// The lines, in the order of the legend.
    pub lines: Vec<Line<'a>>,
}

/// One axis. It reaches as far as the points do.
#[derive(Debug, Clone, Copy)]
pub struct Axis<'a> {
    /// What is measured along it.
    pub label: &'a str,
    /// How values lie on it.
    pub scale: Scale,
    /// How its values are written.
    pub figures: Figures,
}

/// How values lie on an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Evenly, from zero.
    Linear,
    /// Each power of ten equally wide. It has no place for zero: a line is interrupted there.
    Log,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figures {
    /// A number, such as `20k`.
    Count,
    /// A time in microseconds, such as `1.5 ms`.
    Microseconds,
    /// A time in seconds.
    Seconds,
    /// The quantile `q` for a value of `1 / (1 - q)`, such as `99.9%`.
    Quantile,
}

/// One line of a chart.
#[derive(Debug)]
pub struct Line<'a> {
    /// Its name in the legend.
    pub name: &'a str,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
}

impl Chart<'_> {
    /// The chart as an `svg` element.
    pub fn to_svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let x = Range::of(self.x.scale, points().map(|point| point.0));
        let y = Range::of(self.y.scale, points().map(|point| point.1));
        let to_x = |value| LEFT + x.place(value) * (WIDTH - LEFT - RIGHT);
        let to_y = |value| HEIGHT - BOTTOM - y.place(value) * (HEIGHT - TOP - BOTTOM);
        let mut parts = vec![format!(
            r#"<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}"><style>{STYLE}</style><text class="title" x="{LEFT}" y="20">{title}</text>"#,
            title = escape(self.title),
        )];
        let bottom = HEIGHT - BOTTOM;
        for tick in x.ticks() {
            let (at, text) = (to_x(tick), self.x.figures.write(tick));
            parts.push(format!(
                r#"<line class="grid" x1="{at:.1}" x2="{at:.1}" y1="{TOP}" y2="{bottom}"/><text x="{at:.1}" y="{:.1}" text-anchor="middle">{text}</text>"#,
                bottom + 17.0,
            ));
        }
        for tick in y.ticks() {
            let (at, text) = (to_y(tick), self.y.figures.write(tick));
            parts.push(format!(
                r#"<line class="grid" x1="{LEFT}" x2="{:.1}" y1="{at:.1}" y2="{at:.1}"/><text x="{:.1}" y="{:.1}" text-anchor="end">{text}</text>"#,
                WIDTH - RIGHT, LEFT - 8.0, at + 4.0,
            ));
        }
        let middle = (TOP + bottom) / 2.0;
        parts.push(format!(
            r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{}</text><text transform="translate(16 {middle:.1}) rotate(-90)" text-anchor="middle">{}</text>"#,
            (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 10.0, escape(self.x.label), escape(self.y.label),
        ));
        let mut legend_x = LEFT;
        for (line, colour) in self.lines.iter().zip(COLOURS.iter().cycle()) {
            let name = escape(line.name);
            parts.push(format!(
                r#"<rect x="{legend_x:.1}" y="32" width="14" height="4" fill="{colour}"/><text x="{:.1}" y="39">{name}</text>"#,
                legend_x + 19.0,
            ));
            // Half of the font's size a character is about right for any font, and a legend has room.
            legend_x += 40.0 + 6.5 * to_f64(line.name.chars().count());
            let has_place = |point: &(f64, f64)| x.has_place(point.0) && y.has_place(point.1);
            for run in line.points.chunk_by(|a, b| has_place(a) == has_place(b)) {
                if run.first().is_some_and(has_place) {
                    parts.push(polyline(run, colour, to_x, to_y));
                }
            }
        }
        parts.push("</svg>".to_owned());
        parts.concat()
    }
}

fn polyline(
    points: &[(f64, f64)],
    colour: &str,
    to_x: impl Fn(f64) -> f64,
    to_y: impl Fn(f64) -> f64,
) -> String {
    let mut text = String::new();
    for (x, y) in points {
        // Writing to a string cannot fail.
        let _infallible = write!(text, "{:.1},{:.1} ", to_x(*x), to_y(*y));
    }
    let dot = match points {
        // A line of one point would not be seen.
        [(x, y)] => format!(
            r#"<circle cx="{:.1}" cy="{:.1}" r="3" fill="{colour}"/>"#,
            to_x(*x),
            to_y(*y)
        ),
        _ => String::new(),
    };
    let points = text.trim_end();
    format!(r#"<polyline stroke="{colour}" points="{points}"/>{dot}"#)
}

/// The values that an axis reaches.
#[derive(Debug, Clone, Copy)]
struct Range {
    scale: Scale,
    low: f64,
    high: f64,
}

impl Range {
    fn of(scale: Scale, values: impl Iterator<Item = f64>) -> Self {
        let usable = |value: &f64| value.is_finite() && (scale == Scale::Linear || *value > 0.0);
        let (low, high) = values
            .filter(usable)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        let (low, high) = if low > high { (1.0, 10.0) } else { (low, high) };
        match scale {
            Scale::Linear => {
                let high = high.max(0.0);
                let high = if high > 0.0 { high } else { 1.0 };
                Self {
                    scale,
                    low: low.min(0.0),
                    high,
                }
            }
            Scale::Log => {
                let bound = |value: f64| 10_f64.powf(value);
                let low = low.log10().floor();
                let high = high.log10().ceil().max(low + 1.0);
                Self {
                    scale,
                    low: bound(low),
                    high: bound(high),
                }
            }
        }
    }

    fn has_place(&self, value: f64) -> bool {
        value.is_finite() && (self.scale == Scale::Linear || value > 0.0)
    }

    /// Where a value lies, from 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let place = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value / self.low).log10() / (self.high / self.low).log10(),
        };
        place.clamp(0.0, 1.0)
    }

    fn ticks(&self) -> Vec<f64> {
        let up = |from: f64, next: &dyn Fn(f64) -> f64| {
            std::iter::successors(Some(from), |tick| Some(next(*tick)))
                .take_while(|tick| *tick <= self.high * 1.000_001)
                .collect::<Vec<_>>()
        };
        match self.scale {
            Scale::Linear => {
                let step = round_step((self.high - self.low) / TICKS);
                let first = (self.low / step).ceil();
                up(first, &|number| number + 1.0)
                    .into_iter()
                    .map(|number| number * step)
                    .take_while(|tick| *tick <= self.high * 1.000_001)
                    .collect()
            }
            Scale::Log => {
                let decades = up(self.low, &|tick| tick * 10.0);
                if decades.len() > 3 {
                    return decades;
                }
                decades
                    .into_iter()
                    .flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| digit * decade))
                    .filter(|tick| *tick <= self.high * 1.000_001)
                    .collect()
            }
        }
    }
}

/// The next larger of 1, 2 and 5 times a power of ten.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let digit = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|digit| digit * power >= least * 0.999_999);
    digit.unwrap_or(10.0) * power
}

impl Figures {
    fn write(self, value: f64) -> String {
        match self {
            Self::Count if value >= 1e6 => format!("{}M", trimmed(value / 1e6)),
            Self::Count if value >= 1e3 => format!("{}k", trimmed(value / 1e3)),
            Self::Count => trimmed(value),
            Self::Microseconds if value >= 1e6 => format!("{} s", trimmed(value / 1e6)),
            Self::Microseconds if value >= 1e3 => format!("{} ms", trimmed(value / 1e3)),
            Self::Microseconds => format!("{} µs", trimmed(value)),
            Self::Seconds => format!("{} s", trimmed(value)),
            Self::Quantile => format!("{}%", trimmed(100.0 - 100.0 / value)),
        }
    }
}

/// A number without the digits that say nothing.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn to_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// Text that may stand in HTML and SVG, in an attribute too.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(scale: Scale, figures: Figures, values: &[f64]) -> Vec<String> {
        let range = Range::of(scale, values.iter().copied());
        range
            .ticks()
            .into_iter()
            .map(|at| figures.write(at))
            .collect()
    }

    #[test]
    fn ticks_are_round_figures_over_the_whole_range() {
        assert_eq!(
            ticks(Scale::Linear, Figures::Count, &[300.0, 11_800.0]),
            ["0", "2k", "4k", "6k", "8k", "10k"]
        );
        assert_eq!(
            ticks(Scale::Log, Figures::Microseconds, &[230.0, 1_900.0]),
            [
                "100 µs", "200 µs", "500 µs", "1 ms", "2 ms", "5 ms", "10 ms"
            ]
        );
        assert_eq!(
            ticks(Scale::Log, Figures::Quantile, &[1.0, 9_000.0]),
            ["0%", "90%", "99%", "99.9%", "99.99%"]
        );
        assert_eq!(ticks(Scale::Linear, Figures::Seconds, &[]).len(), 6);
    }

    #[test]
    fn a_line_is_interrupted_where_there_is_nothing_and_names_are_escaped() {
        let axis = |scale| Axis {
            label: "a < b",
            scale,
            figures: Figures::Count,
        };
        let points = [(0.0, 10.0), (1.0, 20.0), (2.0, 0.0), (3.0, 100.0)];
        let svg = Chart {
            title: "x & y",
            x: axis(Scale::Linear),
            y: axis(Scale::Log),
            lines: vec![Line {
                name: "<p99>",
                points: points.to_vec(),
            }],
        }
        .to_svg();
        assert_eq!(svg.matches("<polyline").count(), 2, "{svg}");
        assert_eq!(svg.matches("<circle").count(), 1, "{svg}");
        assert!(
            svg.contains("x &amp; y") && svg.contains("&lt;p99&gt;"),
            "{svg}"
        );
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
