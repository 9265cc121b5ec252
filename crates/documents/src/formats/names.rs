//! File names that every system accepts.

/// `name` as the stem of a file name: no separators, no reserved names, not too long, never empty.
pub(super) fn file_stem(name: &str) -> String {
    let mut stem: String = name
        .chars()
        .map(|letter| match letter {
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
            letter if letter.is_control() => '_',
            letter => letter,
        })
        .collect();
    while stem.len() > 120 {
        stem.pop();
    }
    let trimmed = stem.trim_end_matches(['.', ' ']).trim_start_matches(['.', ' ']);
    let device = trimmed.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let is_device = matches!(device.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || ((device.starts_with("COM") || device.starts_with("LPT")) && device.len() == 4);
    match trimmed {
        "" => "document".to_owned(),
        name if is_device => format!("_{name}"),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::file_stem;

    #[test]
    fn makes_names_that_every_system_accepts() {
        for (name, stem) in [
            ("PMID-1", "PMID-1"),
            ("10.1000/x:1", "10.1000_x_1"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("aux.txt", "_aux.txt"),
            (" . ", "document"),
            ("", "document"),
        ] {
            assert_eq!(file_stem(name), stem);
        }
        assert!(file_stem(&"é".repeat(200)).len() <= 120);
    }
}
