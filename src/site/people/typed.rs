//! A form as it came: its fields, nothing of which is believed.

/// Fields that are looked at.
const FIELDS_MAX: usize = 64;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(in crate::site) struct Typed(Vec<(String, String)>);

impl Typed {
    /// Reads a form's body leniently.
    pub(in crate::site) fn read(body: &[u8]) -> Self {
        let fields = url::form_urlencoded::parse(body).take(FIELDS_MAX);
        Self(fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// What stands in a field, without spaces around it; empty when there is none. Of a repeated one the last counts.
    pub(in crate::site) fn one(&self, name: &str) -> &str {
        self.one_as_typed(name).trim()
    }

    /// The same to the letter: a password may begin with a space.
    pub(in crate::site) fn one_as_typed(&self, name: &str) -> &str {
        let found = self.0.iter().rev().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}
