//! A program that works on a library is killed at random moments, over and over.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sessions::{ItemState, Library, Timestamp};

use crate::actions::perform_or_turn;
use crate::samples::{
    APP, Dice, Scratch, TASK, by, finished, founding, import, open, pair, prediction, record,
};

/// In the short form. `OSLER_ALL=1` does two hundred.
const KILLS: usize = 40;
/// A fresh library after so many kills, so that the comparison of whole contents stays quick.
const KILLS_PER_LIBRARY: usize = 20;

/// Starts this test again as the program to be killed.
fn start(test: &str, variables: &[(&str, String)]) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.envs(variables.iter().map(|(name, value)| (name, value))).spawn().unwrap()
}

/// Kills `child` after `lines` reported actions and a moment more; gives the numbers of all actions it reported.
fn kill_after(mut child: std::process::Child, lines: u64, moment: Duration) -> Vec<u64> {
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut reported = Vec::new();
    let mut line = String::new();
    while (reported.len() as u64) < lines && reader.read_line(&mut line).unwrap() > 0 {
        reported.extend(number(&line));
        line.clear();
    }
    let since = Instant::now();
    while since.elapsed() < moment {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What it had said before the end may still be in the pipe; a line without an end was never said.
    while reader.read_line(&mut line).unwrap() > 0 {
        if line.ends_with('\n') {
            reported.extend(number(&line));
        }
        line.clear();
    }
    if (reported.len() as u64) < lines {
        let mut problem = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut problem).unwrap();
        panic!("the program ended by itself: {problem}");
    }
    reported
}

fn number(line: &str) -> Option<u64> {
    line.trim_end().strip_prefix("committed ")?.parse().ok()
}

fn report(number: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "committed {number}").unwrap();
    out.flush().unwrap();
}

/// The `n`-th action of the story that `seed` tells: the same for the program that is killed and for the one that checks.
fn act(library: &mut Library, seed: u64, n: u64) {
    let roll = Dice(seed.wrapping_add(n << 32)).roll();
    perform_or_turn(library, roll, 1_000 + n as i64 * 3_000);
}

#[test]
fn every_reported_action_survives_a_kill_at_any_moment() {
    const LIBRARY: &str = "OSLER_TEST_KILL_LIBRARY";
    if let Some(path) = std::env::var_os(LIBRARY) {
        let value = |name: &str| std::env::var(name).unwrap().parse().unwrap();
        let (seed, from): (u64, u64) = (value("OSLER_TEST_KILL_SEED"), value("OSLER_TEST_KILL_FROM"));
        let mut library = open(Path::new(&path));
        // The parent ends it. The bound is for a parent that is no more.
        for n in from..from + 10_000 {
            act(&mut library, seed, n);
            report(n);
        }
        return;
    }
    let mut dice = Dice(7);
    let (mut committed, mut in_flight_kept, mut in_flight_lost) = (0, 0, 0);
    let kills = if std::env::var_os("OSLER_ALL").is_some() { 220 } else { KILLS };
    for story in 0..kills.div_ceil(KILLS_PER_LIBRARY) {
        let seed = dice.roll();
        let victim = Scratch::new();
        drop(victim.create());
        // The same story without kills.
        let shadow_folder = Scratch::new();
        let mut shadow = shadow_folder.create();
        let mut next = 0;
        for kill in 0..KILLS_PER_LIBRARY {
            let child = start(
                "kill::every_reported_action_survives_a_kill_at_any_moment",
                &[
                    (LIBRARY, victim.path.display().to_string()),
                    ("OSLER_TEST_KILL_SEED", seed.to_string()),
                    ("OSLER_TEST_KILL_FROM", next.to_string()),
                ],
            );
            let moment = Duration::from_micros(dice.below(4_000));
            let reported = kill_after(child, 1 + dice.below(5), moment);
            for n in &reported {
                assert_eq!(*n, next, "story {story}, kill {kill}");
                act(&mut shadow, seed, next);
                next += 1;
            }
            committed += reported.len();
            let found = open(&victim.path);
            let found_dump = found.dump().unwrap();
            assert_eq!(found.check().unwrap(), Vec::<String>::new(), "story {story}, kill {kill}");
            if found_dump == shadow.dump().unwrap() {
                in_flight_lost += 1;
            } else {
                // The action in flight was committed before the program could say so.
                act(&mut shadow, seed, next);
                next += 1;
                assert!(
                    found_dump == shadow.dump().unwrap(),
                    "story {story}, kill {kill}, action {next}: another content"
                );
                in_flight_kept += 1;
            }
        }
    }
    println!(
        "{} kills, {committed} reported actions all there; of the actions in flight {in_flight_kept} were kept and \
         {in_flight_lost} lost or not begun",
        in_flight_kept + in_flight_lost
    );
    assert!(in_flight_kept + in_flight_lost >= kills);
}

#[test]
fn a_library_that_is_being_made_is_whole_or_not_there_after_a_kill() {
    const FOLDER: &str = "OSLER_TEST_FOUNDING_FOLDER";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let from: u64 = std::env::var("OSLER_TEST_FOUNDING_FROM").unwrap().parse().unwrap();
        for n in from..from + 10_000 {
            Library::create(&Path::new(&folder).join(format!("{n}.osler")), &founding()).unwrap();
            report(n);
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(23);
    let kills = if std::env::var_os("OSLER_ALL").is_some() { 200 } else { 20 };
    let mut next = 0;
    for _ in 0..kills {
        let child = start(
            "kill::a_library_that_is_being_made_is_whole_or_not_there_after_a_kill",
            &[(FOLDER, folder.path().display().to_string()), ("OSLER_TEST_FOUNDING_FROM", next.to_string())],
        );
        let reported = kill_after(child, dice.below(3), Duration::from_micros(dice.below(30_000)));
        for n in &reported {
            assert!(folder.path().join(format!("{n}.osler")).is_file());
        }
        next += reported.len() as u64;
        // The one that was being made: its place can be used, or it is whole.
        let last = folder.path().join(format!("{next}.osler"));
        match Library::create(&last, &founding()) {
            Ok(library) => drop(library),
            Err(error) => assert!(matches!(error, sessions::Error::AlreadyExists { .. }), "{error}"),
        }
        crate::samples::assert_sound(&open(&last));
        next += 1;
    }
    for n in 0..next {
        assert_eq!(open(&folder.path().join(format!("{n}.osler"))).details().unwrap().name, "Ward round");
    }
}

#[test]
fn a_killed_batch_goes_on_with_no_item_twice() {
    const LIBRARY: &str = "OSLER_TEST_BATCH_LIBRARY";
    const DOCUMENTS: u64 = 120;
    if let Some(path) = std::env::var_os(LIBRARY) {
        let mut library = Library::open(Path::new(&path), APP).unwrap();
        let batch = library.batches().unwrap()[0].id;
        let start: i64 = std::env::var("OSLER_TEST_BATCH_START").unwrap().parse().unwrap();
        // The next one starts when this one has not been heard of for long.
        let (worker, at) = (format!("start {start}"), Timestamp(start * 100_000));
        while let Some(item) = library.claim_item(batch, &worker, at).unwrap() {
            if item.ordinal % 10 == 3 {
                library.fail_item(batch, item.ordinal, "no text", Timestamp(2)).unwrap();
            } else {
                let record = record(&library, item.document, TASK, "aaaa");
                let found = [prediction(pair("CID", "naloxone", "nausea"), 0.5)];
                library.finish_item(by("ada", 2), batch, item.ordinal, &record, &finished(), &found).unwrap();
            }
            report(item.ordinal);
        }
        // Nothing is left; wait to be killed.
        std::thread::park();
        return;
    }
    let scratch = Scratch::new();
    let mut library = Library::create(&scratch.path, &founding()).unwrap();
    let documents = import(&mut library, "ada", 0, DOCUMENTS);
    let batch = library.start_batch(by("ada", 1), TASK, &serde_json::json!({}), &documents).unwrap();
    let mut dice = Dice(11);
    let mut reported = Vec::new();
    let mut starts = 0;
    while library.batch(batch).unwrap().waiting() > 0 {
        starts += 1;
        let child = start(
            "kill::a_killed_batch_goes_on_with_no_item_twice",
            &[(LIBRARY, scratch.path.display().to_string()), ("OSLER_TEST_BATCH_START", starts.to_string())],
        );
        let lines = (1 + dice.below(8)).min(library.batch(batch).unwrap().waiting());
        reported.extend(kill_after(child, lines, Duration::from_micros(dice.below(3_000))));
    }
    assert!(starts > 5, "{starts}");
    let items = library.batch_items(batch, 0, usize::MAX >> 1).unwrap();
    for n in &reported {
        assert_ne!(items[*n as usize].state, ItemState::Waiting);
    }
    let (distinct, total) =
        (reported.iter().collect::<std::collections::BTreeSet<_>>().len(), reported.len());
    assert_eq!(distinct, total, "an item was reported twice");
    for item in &items {
        let runs = library.runs(item.document).unwrap();
        let expected = if item.ordinal % 10 == 3 { ItemState::Failed } else { ItemState::Done };
        assert_eq!(
            (item.state, runs.len()),
            (expected, usize::from(expected == ItemState::Done)),
            "{item:?}"
        );
        assert_eq!(library.findings_of_document(item.document).unwrap().len(), runs.len());
    }
    let end = library.batch(batch).unwrap();
    assert_eq!((end.done, end.failed), (DOCUMENTS - DOCUMENTS / 10, DOCUMENTS / 10));
    crate::samples::assert_sound(&library);
}
