use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::time::Duration;

use sessions::{Error, Library, NewNote, QueueFilter, RunState, Timestamp};

use crate::samples::{
    APP, MODEL, Scratch, TASK, assert_sound, by, finished, founding, import, open, record, run,
};

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

/// A copy whose journal is not yet a log, as a backup is, changes that when it is opened: while another program writes SQLite refuses
/// it at once, and opening waits all the same.
#[test]
fn opening_waits_for_one_who_writes_before_the_journal_is_changed() {
    let scratch = Scratch::new();
    drop(scratch.create());
    let writer = rusqlite::Connection::open(&scratch.path).unwrap();
    writer.pragma_update(None, "journal_mode", "DELETE").unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (sender, opened) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| sender.send(Library::open(&scratch.path, APP).map(drop)).unwrap());
        assert!(opened.recv_timeout(Duration::from_millis(300)).is_err(), "it does not wait");
        writer.execute_batch("COMMIT").unwrap();
        opened.recv().unwrap().unwrap();
    });
}

/// Whoever makes a library at the same time as others either has made it or is told that it exists: it is never deleted
/// under the one who made it.
#[test]
fn of_many_that_create_one_library_one_does_and_nothing_is_lost() {
    const MAKERS: usize = 8;
    let rounds = if std::env::var_os("OSLER_ALL").is_some() { 200 } else { 25 };
    let folder = tempfile::tempdir().unwrap();
    for round in 0..rounds {
        let path = folder.path().join(format!("{round}.osler"));
        if round % 5 == 4 {
            // What an older Osler left when it was killed.
            std::fs::write(&path, b"").unwrap();
        }
        let together = Barrier::new(MAKERS);
        let made: usize = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..MAKERS)
                .map(|maker| {
                    let (path, together) = (&path, &together);
                    scope.spawn(move || {
                        together.wait();
                        let created = match Library::create(path, &founding()) {
                            Ok(_) => 1,
                            Err(Error::AlreadyExists { .. }) => 0,
                            Err(error) => panic!("{error}"),
                        };
                        let text = format!("by {maker}");
                        let note = NewNote { text: &text, ..NewNote::default() };
                        open(path).write_note(by("ada", 1), &note).unwrap();
                        created
                    })
                })
                .collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).sum()
        });
        assert_eq!(made, 1, "round {round}");
        assert_eq!(open(&path).notes(None).unwrap().len(), MAKERS, "round {round}");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left.len(), rounds, "working files are left: {left:?}");
}

#[test]
fn what_a_killed_program_left_under_way_is_closed_when_nobody_is_at_it() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let documents = import(&mut library, "ada", 0, 2);
    let old = run(&mut library, "ada", documents[0], MODEL, &[("nausea", 0.7)]);
    let record = record(&library, documents[0], TASK, MODEL);
    let killed = library.begin_run(by("ada", 400), documents[0], &record).unwrap();
    let batch = library.start_batch(by("ada", 401), TASK, &serde_json::Value::Null, &documents).unwrap();
    library.claim_item(batch, "killed", Timestamp(402)).unwrap().unwrap();

    // Another window opens the library: the first one is alive, for all it knows.
    let other = Library::open_and_settle(&scratch.path, APP, Timestamp(500)).unwrap();
    assert_eq!(other.run(killed).unwrap().state, RunState::Running);
    drop((other, library));

    let mut library = Library::open_and_settle(&scratch.path, APP, Timestamp(600)).unwrap();
    let closed = library.run(killed).unwrap();
    assert_eq!((closed.state, closed.finished_at), (RunState::Stopped, Some(Timestamp(600))));
    assert!(closed.problem.unwrap().contains("ended before"));
    let found = library.queue_ids(&QueueFilter::default()).unwrap();
    assert_eq!(found, old, "an earlier result is hidden by a run that was killed");
    assert_eq!(library.claim_item(batch, "next", Timestamp(601)).unwrap().unwrap().ordinal, 0);
    // A run that was closed by mistake is brought to its end all the same.
    library.finish_run(killed, &finished()).unwrap();
    assert_eq!(library.run(killed).unwrap().state, RunState::Finished);
    assert_eq!(library.run(killed).unwrap().problem, None);
    assert_sound(&library);
}

#[test]
fn a_check_beside_a_writer_finds_no_damage_that_is_none() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    import(&mut library, "ada", 0, 20);
    let (go, goes) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut other = scratch.open();
            for (n, ()) in (1..).zip(goes) {
                for _ in 0..20 {
                    let text = format!("note {n}");
                    other.write_note(by("ben", n), &NewNote { text: &text, ..NewNote::default() }).unwrap();
                }
            }
        });
        for _ in 0..15 {
            go.send(()).unwrap();
            assert_eq!(library.check().unwrap(), Vec::<String>::new());
        }
        drop(go);
    });
}

#[test]
fn what_is_read_at_one_time_is_one_state() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    import(&mut library, "ada", 0, 2);
    let reader = library.beside().unwrap();
    let names = reader
        .at_one_time(|reader| -> sessions::Result<_> {
            let first = reader.details()?.name;
            library.describe(by("ada", 5), "Renamed", "").unwrap();
            Ok((first, reader.details()?.name))
        })
        .unwrap();
    assert_eq!(names, ("Ward round".to_owned(), "Ward round".to_owned()));
    assert_eq!(reader.details().unwrap().name, "Renamed");
}

/// The file stays open under its new name: what is done now would be out of everyone's sight.
#[cfg(unix)]
#[test]
fn a_library_that_was_moved_or_replaced_takes_no_more() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let note = NewNote { text: "before", ..NewNote::default() };
    library.write_note(by("ada", 1), &note).unwrap();
    let elsewhere = scratch.folder.path().join("elsewhere.osler");
    std::fs::rename(&scratch.path, &elsewhere).unwrap();
    let error = library.write_note(by("ada", 2), &note).unwrap_err();
    assert!(matches!(&error, Error::Replaced { path } if *path == scratch.path), "{error}");
    std::fs::create_dir(&scratch.path).unwrap();
    assert!(matches!(library.write_note(by("ada", 3), &note), Err(Error::Replaced { .. })));
    std::fs::remove_dir(&scratch.path).unwrap();
    std::fs::rename(&elsewhere, &scratch.path).unwrap();
    library.write_note(by("ada", 4), &note).unwrap();
    assert_eq!(library.notes(None).unwrap().len(), 2);
}
