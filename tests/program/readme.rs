//! Every line that the README tells a newcomer to type, in its order.

use osler_tests::{checkout, write_published_encoder, write_published_model};

use crate::user;

/// The arguments of each line of a block that begins with `osler-cli`, under a heading.
fn commands(readme: &str, heading: &str) -> Vec<Vec<String>> {
    let section = readme.split(&format!("## {heading}\n")).nth(1).expect("the README has the section");
    let section = section.split("\n## ").next().unwrap();
    let lines = section.split("```").skip(1).step_by(2).flat_map(str::lines);
    lines.filter_map(|line| Some(words(line.strip_prefix("osler-cli ")?))).collect()
}

/// Words as a shell cuts them: quotes hold together, a number sign begins a remark.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut is_quoted) = (String::new(), false);
    for sign in line.chars() {
        match sign {
            '"' => is_quoted = !is_quoted,
            '#' if !is_quoted && word.is_empty() => break,
            ' ' if !is_quoted => {
                words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()))
            }
            sign => word.push(sign),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

#[test]
fn what_the_readme_says_works_as_it_says() {
    let user = user();
    write_published_model(&user.path("DOWNLOADED_FOLDER"));
    write_published_encoder(&user.path("ENCODER_FOLDER"), "sequence-roberta");
    write_published_encoder(&user.path("TAGGER_FOLDER"), "token-bert");
    let readme = std::fs::read_to_string(checkout().join("README.md")).unwrap();
    let mut told = Vec::new();
    for heading in ["The first five minutes", "Every command"] {
        let commands = commands(&readme, heading);
        assert!(commands.len() >= 5, "{heading}: {commands:?}");
        for command in commands {
            let (arguments, input) = match command.iter().position(|word| word == "<") {
                Some(place) => (&command[..place], Some(&command[place + 1])),
                None => (&command[..], None),
            };
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let mut program = user.command(&arguments);
            if let Some(input) = input {
                program.stdin(std::fs::File::open(user.path(input)).unwrap());
            }
            let done = program.output().unwrap();
            assert!(
                done.status.success(),
                "osler-cli {arguments:?}: {}",
                String::from_utf8_lossy(&done.stderr)
            );
            let output = String::from_utf8(done.stdout).unwrap();
            assert!(
                !output.is_empty() || arguments.contains(&"--out"),
                "osler-cli {arguments:?} says nothing"
            );
            told.push(arguments[..2.min(arguments.len())].join(" "));
        }
    }
    // No command is left out.
    for command in [
        "define",
        "describe",
        "glossary build",
        "extract",
        "answer",
        "classify",
        "convert",
        "batch",
        "review list",
        "review accept",
        "review reject",
        "review undo",
        "review redo",
        "review history",
        "export",
        "search",
        "terms build",
        "terms find",
        "models list",
        "models import",
        "models verify",
        "models show",
        "models remove",
        "inspect tokenize",
        "inspect logits",
        "inspect generate",
        "inspect score",
        "verify",
        "devices",
        "bench",
    ] {
        assert!(told.iter().any(|one| one.starts_with(command)), "the README does not show {command}");
    }
    assert!(user.read("abstract.json").contains("90000001"));
}
