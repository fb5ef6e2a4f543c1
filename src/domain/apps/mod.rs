//! What a tenant sets up for its apps in one mode: the custom fields that they ask for, and what they are told.
//!
//! `field` says what a custom field's values are, `application` how an app finds what it is told.

mod application;
mod field;

pub use application::{Application, Place};
pub use field::{CustomField, FieldEntity, FieldKind};

/// What a tenant sets up for its apps in one mode. Each list is in order of creation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Apps {
    /// The custom fields that are defined.
    pub fields: Vec<(u64, CustomField)>,
    /// What apps are told.
    pub applications: Vec<(u64, Application)>,
}

/// Something that is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// The definition of a custom field.
    Field(CustomField),
    /// What an app is told.
    Application(Application),
}

/// What can be asked of it.
#[derive(Clone, Debug)]
pub enum Command {
    /// Set up something new under this number.
    Create(u64, Box<Item>),
    /// Set up otherwise what has this number.
    Change(u64, Box<Item>),
    /// Define the custom field of this number no longer.
    RemoveField(u64),
    /// Tell apps nothing of the application of this number.
    RemoveApplication(u64),
}

/// What happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// What has this number is so from now on.
    Set(u64, Box<Item>),
    /// The custom field of this number is defined no longer.
    FieldRemoved(u64),
    /// The application of this number is there no longer.
    ApplicationRemoved(u64),
}

/// Why it refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There are as many as there may be.
    ListFull,
    /// There is nothing of this number.
    Unknown,
    /// There is something else of this number.
    Exists,
    /// Another custom field of the entity has the key.
    KeyTaken,
    /// Another application, or the same one twice, is found by the same place.
    PlaceTaken,
    /// Values were taken by what is to be changed: entity, key and kind of a custom field stay as they are.
    Fixed,
}

impl Apps {
    /// How many custom fields may be defined, of all entities together: with the longest texts, they fill a third of a row.
    pub const FIELDS_MAX: usize = 50;

    /// How many applications there may be: one of each kind. The largest fill over a half of a row.
    pub const APPLICATIONS_MAX: usize = 4;

    /// Decides `command`.
    ///
    /// # Errors
    /// What is asked for contradicts what is there, or there is no room for it.
    pub fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        let (number, item, is_new) = match command {
            Command::RemoveField(number) => {
                find(&self.fields, *number).ok_or(Rejection::Unknown)?;
                return Ok(vec![Event::FieldRemoved(*number)]);
            }
            Command::RemoveApplication(number) => {
                find(&self.applications, *number).ok_or(Rejection::Unknown)?;
                return Ok(vec![Event::ApplicationRemoved(*number)]);
            }
            Command::Create(number, item) => (*number, item, true),
            Command::Change(number, item) => (*number, item, false),
        };
        let known = match &**item {
            Item::Field(_) => find(&self.fields, number).cloned().map(Item::Field),
            Item::Application(_) => {
                let known = find(&self.applications, number);
                known.cloned().map(Item::Application)
            }
        };
        match (is_new, &known) {
            (false, None) => return Err(Rejection::Unknown),
            (true, None) if self.is_full(item) => return Err(Rejection::ListFull),
            (_, Some(known)) if **item == *known => return Ok(Vec::new()),
            (true, Some(_)) => return Err(Rejection::Exists),
            (true, None) | (false, Some(_)) => {}
        }
        match &**item {
            Item::Field(field) => {
                if let Some(Item::Field(known)) = known
                    && !field.takes_values_of(&known)
                {
                    return Err(Rejection::Fixed);
                }
                let mut others = self.fields.iter().filter(|(of, _)| *of != number);
                if others.any(|(_, it)| it.entity == field.entity && it.key == field.key) {
                    return Err(Rejection::KeyTaken);
                }
            }
            Item::Application(application) => {
                let others = self.applications.iter().filter(|(of, _)| *of != number);
                let taken = others.flat_map(|(_, it)| &it.places);
                let mut taken: Vec<_> = taken.collect();
                for place in &application.places {
                    if taken.contains(&place) {
                        return Err(Rejection::PlaceTaken);
                    }
                    taken.push(place);
                }
            }
        }
        Ok(vec![Event::Set(number, item.clone())])
    }

    fn is_full(&self, like: &Item) -> bool {
        match like {
            Item::Field(_) => self.fields.len() >= Self::FIELDS_MAX,
            Item::Application(_) => self.applications.len() >= Self::APPLICATIONS_MAX,
        }
    }

    /// The custom field of this number.
    pub fn field(&self, number: u64) -> Option<&CustomField> {
        find(&self.fields, number)
    }

    /// The custom fields of an entity, with their numbers.
    pub fn fields_of(&self, entity: FieldEntity) -> impl Iterator<Item = &(u64, CustomField)> {
        self.fields
            .iter()
            .filter(move |(_, it)| it.entity == entity)
    }

    /// The application of this number.
    pub fn application(&self, number: u64) -> Option<&Application> {
        find(&self.applications, number)
    }

    /// The application of an app that says to be `at`, with its number: the one whose place says most of what the app does, or else the oldest.
    pub fn application_at(&self, at: &Place) -> Option<&(u64, Application)> {
        let fitting = self.applications.iter().rev();
        let fitting = fitting.filter_map(|it| Some((it.1.fits(at)?, it)));
        let closest = fitting.max_by_key(|(fits, _)| *fits);
        closest.map(|(_, it)| it)
    }

    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::FieldRemoved(number) => self.fields.retain(|(known, _)| known != number),
            Event::ApplicationRemoved(number) => {
                self.applications.retain(|(known, _)| known != number);
            }
            Event::Set(number, item) => match &**item {
                Item::Application(it) => set(&mut self.applications, *number, it),
                Item::Field(field) => set(&mut self.fields, *number, field),
            },
        }
    }
}

fn find<T>(list: &[(u64, T)], number: u64) -> Option<&T> {
    let found = list.iter().find(|(known, _)| *known == number);
    found.map(|(_, item)| item)
}

fn set<T: Clone>(list: &mut Vec<(u64, T)>, number: u64, item: &T) {
    match list.iter_mut().find(|(known, _)| *known == number) {
        Some((_, known)) => known.clone_from(item),
        None => list.push((number, item.clone())),
    }
}

#[cfg(test)]
mod tests;
