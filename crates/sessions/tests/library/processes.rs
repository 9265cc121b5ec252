use std::path::Path;
use std::process::{Command, Stdio};

use sessions::{Library, NewNote};

use crate::samples::{Scratch, assert_sound, by, import, open};

#[test]
fn a_change_in_another_window_is_seen_and_ones_own_is_not_news() {
    let scratch = Scratch::new();
    let mut here = scratch.create();
    let mut there = scratch.open();
    assert!(!here.changed_elsewhere().unwrap());
    import(&mut here, "ada", 0, 1);
    assert!(!here.changed_elsewhere().unwrap());
    assert!(there.changed_elsewhere().unwrap());
    assert!(!there.changed_elsewhere().unwrap());
    there.describe(by("ben", 2), "Renamed", "").unwrap();
    assert!(here.changed_elsewhere().unwrap());
    assert_eq!(here.details().unwrap().name, "Renamed");
    assert_eq!(here.dump().unwrap(), there.dump().unwrap());
}

#[test]
fn processes_write_into_one_file_at_the_same_time() {
    const LIBRARY: &str = "OSLER_TEST_PROCESSES_LIBRARY";
    const NOTES: i64 = 60;
    let write = |library: &mut Library, who: &str| {
        for n in 0..NOTES {
            let text = format!("{who} {n}");
            library.write_note(by(who, n), &NewNote { text: &text, ..NewNote::default() }).unwrap();
            if n % 10 == 9 {
                library.undo(by(who, n), sessions::Track::Curation).unwrap().unwrap();
            }
        }
    };
    if let Some(path) = std::env::var_os(LIBRARY) {
        write(&mut open(Path::new(&path)), &std::env::var("OSLER_TEST_PROCESSES_WHO").unwrap());
        return;
    }
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let mut children: Vec<_> = ["ben", "cleo"]
        .iter()
        .map(|who| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "processes::processes_write_into_one_file_at_the_same_time", "--nocapture"])
                .env(LIBRARY, &scratch.path)
                .env("OSLER_TEST_PROCESSES_WHO", who)
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    write(&mut library, "ada");
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let notes = library.notes(None).unwrap();
    for who in ["ada", "ben", "cleo"] {
        // Each lost its own tenth note and nobody else's, and everyone's notes are in order.
        let expected: Vec<String> =
            (0..NOTES).filter(|n| n % 10 != 9).map(|n| format!("{who} {n}")).collect();
        let found: Vec<&str> =
            notes.iter().filter(|note| note.author == who).map(|note| note.text.as_str()).collect();
        assert_eq!(found, expected);
    }
    assert_sound(&library);
}
