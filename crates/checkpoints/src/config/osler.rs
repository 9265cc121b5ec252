//! Our own `config.json`: the fields of [`Config`] and `"format": "osler"`.

use serde_json::{Map, Value};

use super::{Config, ConfigError};

const FORMAT: &str = "osler";

pub(super) fn config(mut object: Map<String, Value>) -> Result<Config, ConfigError> {
    if object.remove("format").as_ref().and_then(Value::as_str) != Some(FORMAT) {
        return Err(ConfigError::NotBioGpt(format!("`format` is not {FORMAT:?}")));
    }
    let config: Config = serde_json::from_value(Value::Object(object))
        .map_err(|error| ConfigError::NotOurs(error.to_string()))?;
    config.validate()?;
    Ok(config)
}

pub(super) fn json(config: &Config) -> String {
    let mut object = Map::from_iter([("format".to_owned(), Value::from(FORMAT))]);
    // A struct of numbers, flags and names always becomes an object.
    if let Ok(Value::Object(fields)) = serde_json::to_value(config) {
        object.extend(fields);
    }
    format!("{:#}\n", Value::Object(object))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, ConfigError> {
        config(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut written = Config::starter();
        written.learned_prompt = 9;
        written.activation = super::super::Activation::Relu;
        assert_eq!(read(&json(&written)), Ok(written));
    }

    #[test]
    fn unknown_and_missing_fields_are_named() {
        let text = json(&Config::tiny());
        let renamed = text.replace("\"heads\"", "\"haeds\"");
        assert!(read(&renamed).unwrap_err().to_string().contains("`haeds`"));
        let other = text.replace("osler", "burn");
        assert!(read(&other).unwrap_err().to_string().contains("`format` is not \"osler\""));
        let odd = text.replace("\"heads\": 4", "\"heads\": 5");
        assert!(read(&odd).unwrap_err().to_string().contains("5 attention heads"));
    }
}
