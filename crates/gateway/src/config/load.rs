//! Reading the configuration from its sources.

use std::path::{Path, PathBuf};

use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::{Config, ConfigError};

/// Values given on the command line. They win over file and environment.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `key=value` pairs such as `http.listen=127.0.0.1:0`.
    pub set: Vec<(String, String)>,
}

/// Reads and checks the configuration.
///
/// # Errors
/// [`ConfigError`] naming source, key and reason; all of them at once where that is possible.
pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Config, ConfigError> {
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    if let Some(file) = file {
        if !file.is_file() {
            return Err(ConfigError::NoFile(PathBuf::from(file)));
        }
        figment = figment.merge(Toml::file_exact(file));
    }
    // LIANMAI_CONFIG names the file and is no setting.
    figment = figment.merge(Env::prefixed("LIANMAI_").ignore(&["config"]).split("__"));
    for (key, value) in &overrides.set {
        figment = figment.merge(Flag(key, parse_value(value)));
    }
    let config: Config = figment.extract().map_err(ConfigError::from_figment)?;
    config.check().map_err(|error| match error {
        ConfigError::Value { key, reason, .. } => {
            let source = figment.find_metadata(key).and_then(source_name);
            // A default is at fault only together with what the file says.
            let source = source.or_else(|| Some(file?.display().to_string()));
            ConfigError::Value {
                source_name: source.unwrap_or_else(|| "default".to_owned()),
                key,
                reason,
            }
        }
        other => other,
    })?;
    Ok(config)
}

/// Where a value came from, in words for the operator; `None`: it is a default.
pub(super) fn source_name(metadata: &Metadata) -> Option<String> {
    match &metadata.source {
        Some(figment::Source::File(path)) => Some(path.display().to_string()),
        Some(figment::Source::Code(_)) => None,
        _ => Some(metadata.name.to_string()),
    }
}

/// One value of the command line.
struct Flag<'a>(&'a str, Value);

impl Provider for Flag<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named("--set")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Serialized::global(self.0, &self.1).data()
    }
}

/// A flag's value as TOML would read it; what is no TOML is a string.
fn parse_value(text: &str) -> Value {
    let document = format!("value = {text}");
    let parsed = Figment::from(Toml::string(&document)).find_value("value");
    parsed.unwrap_or_else(|_| Value::from(text))
}

/// Durations as `500ms`, `10s`, `5m`, `24h`, `3d`.
pub(super) mod duration {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de};

    const UNITS: [(&str, u64); 5] = [
        ("ms", 1),
        ("s", 1_000),
        ("m", 60_000),
        ("h", 3_600_000),
        ("d", 86_400_000),
    ];

    pub(in super::super) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        let millis = value.as_millis() as u64;
        let unit = UNITS
            .iter()
            .rev()
            .find(|(_, size)| millis.is_multiple_of(*size))
            .unwrap_or(&UNITS[0]);
        let unit = if millis == 0 { &UNITS[1] } else { unit };
        to.serialize_str(&format!("{}{}", millis / unit.1, unit.0))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(from)?;
        parse(&text).ok_or_else(|| {
            de::Error::custom(format!(
                "{text:?} is no duration such as \"500ms\", \"10s\", \"5m\" or \"24h\""
            ))
        })
    }

    fn parse(text: &str) -> Option<Duration> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
        number
            .parse::<u64>()
            .ok()?
            .checked_mul(*size)
            .map(Duration::from_millis)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn durations_are_read() {
            assert_eq!(parse("20ms"), Some(Duration::from_millis(20)));
            assert_eq!(parse("24h"), Some(Duration::from_secs(86_400)));
            for wrong in [
                "",
                "10",
                "s",
                "-1s",
                "1.5s",
                "1 s",
                "99999999999999999999s",
                "18446744073709551615d",
            ] {
                assert_eq!(parse(wrong), None, "{wrong}");
            }
        }
    }
}
