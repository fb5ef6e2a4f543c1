//! Applications: what an app is told before anybody has signed in, and how it finds it.

use std::sync::Arc;

/// An application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Where it runs.
    pub places: Vec<Place>,
    /// All that it is told, sealed.
    pub sealed: Arc<[u8]>,
}

/// Where an app runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it is called there.
    pub platform_id: String,
    /// The cloud that it talks to; any, if none.
    pub cloud_name: Option<String>,
    /// Which version it is; any, if none.
    pub version: Option<String>,
}

impl Place {
    /// How closely this is the place of an app that says to be `at`; none, if it is not. Who does not say its cloud or version may be any.
    fn fits(&self, at: &Place) -> Option<u8> {
        let one = |own: &Option<String>, said: &Option<String>| -> Option<u8> {
            match (own, said) {
                (None, None) => Some(1),
                (Some(own), Some(said)) => (own == said).then_some(1),
                (None, Some(_)) | (Some(_), None) => Some(0),
            }
        };
        let is_named = self.platform_id == at.platform_id;
        let cloud = one(&self.cloud_name, &at.cloud_name).filter(|_| is_named)?;
        Some(one(&self.version, &at.version)?.saturating_add(cloud))
    }
}

impl Application {
    /// How closely it is the application of an app that says to be `at`; none, if it is not.
    pub(super) fn fits(&self, at: &Place) -> Option<u8> {
        let fits = self.places.iter().filter_map(|place| place.fits(at));
        fits.max()
    }
}
