//! How names are compared: word by word, in any case, each word by its beginning.

use crate::domain::contact::Profile;

/// Letters and digits make words, and so do marks that stand on the letter before them; everything else parts words.
fn is_in_word(character: char) -> bool {
    character.is_alphanumeric() || ('\u{300}'..='\u{36F}').contains(&character)
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|character| !is_in_word(character))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// The words of a contact's names in lower case, parted by blanks: first, middle, last and company name.
pub(super) fn fold(profile: &Profile) -> String {
    let names = [
        &profile.first_name,
        &profile.middle_name,
        &profile.last_name,
        &profile.company_name,
    ];
    let names = names.into_iter().flatten();
    names
        .flat_map(|name| words(name))
        .collect::<Vec<_>>()
        .join(" ")
}

/// What a name is to be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameQuery {
    /// In lower case; never none.
    words: Vec<String>,
}

impl NameQuery {
    /// The query of `text`, unless it has no letter and no digit.
    pub fn of(text: &str) -> Option<NameQuery> {
        let words: Vec<String> = words(text).collect();
        (!words.is_empty()).then_some(NameQuery { words })
    }

    pub(super) fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether each word begins a word of the contact's names, in their order.
    pub fn fits(&self, profile: &Profile) -> bool {
        self.fits_folded(&fold(profile))
    }

    pub(super) fn fits_folded(&self, name: &str) -> bool {
        let mut left = name.split(' ');
        self.words
            .iter()
            .all(|wanted| left.any(|word| word.starts_with(wanted.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(first: &str, middle: &str, last: &str, company: &str) -> Profile {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Profile {
            first_name: some(first),
            middle_name: some(middle),
            last_name: some(last),
            company_name: some(company),
            ..Profile::default()
        }
    }

    fn fits(query: &str, profile: &Profile) -> bool {
        NameQuery::of(query).is_some_and(|query| query.fits(profile))
    }

    #[test]
    fn a_name_fits_by_the_beginnings_of_its_words_in_their_order() {
        let ada = profile("Ada", "Augusta", "King-Noel O'Brien", "Ärzte GmbH");
        for query in [
            "ada",
            "AD",
            "aug",
            "noel",
            "o'br",
            "Ada King",
            "ada noel",
            " ada  augusta king-noel o'brien ",
            "äRZ",
            "ada gmbh",
        ] {
            assert!(fits(query, &ada), "{query}");
        }
        for query in ["da", "king ada", "ada ada", "adam", "arzte", "-", ""] {
            assert!(!fits(query, &ada), "{query}");
        }
        assert!(!fits("a", &Profile::default()));
    }
}
