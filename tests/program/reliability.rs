//! Nothing lost and nothing claimed that is not so: kills at any moment, programs side by side, files that are none.
//! The short form runs everywhere; `OSLER_ALL=1` does two hundred kills.

use std::process::Stdio;
use std::time::{Duration, Instant};

use osler_tests::User;
use serde_json::Value;

use crate::user;

const SCRIPTED: [&str; 2] = ["--model", "scripted"];

/// How often: the long form is for `OSLER_ALL=1`.
fn times(short: usize, long: usize) -> usize {
    if std::env::var_os("OSLER_ALL").is_some() { long } else { short }
}

/// Texts with names in them, in a folder.
fn furnish(user: &User, count: usize) {
    for n in 0..count {
        user.write(&format!("ward/{n:02}.txt"), format!("Case {n}\n\nAspirin may cause nausea in case {n}."));
    }
}

fn documents(user: &User, library: &str) -> usize {
    let out = format!("{library}.count.jsonl");
    let _ = user.output(&["export", "--library", library, "--to", "jsonl", "--out", &out]);
    user.read(&out).lines().count()
}

#[test]
fn programs_that_make_one_library_at_once_all_keep_what_they_did() {
    let user = user();
    furnish(&user, 6);
    for round in 0..times(2, 30) {
        let library = format!("new-{round}.osler");
        let children: Vec<_> = (0..6)
            .map(|n| {
                let file = format!("ward/{n:02}.txt");
                let extract = ["extract", "--task", "bc5cdr", "--library", &library, &file];
                let mut command = user.command(&[&extract[..], &SCRIPTED[..]].concat());
                command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "round {round}: {}", String::from_utf8_lossy(&output.stderr));
        }
        assert_eq!(documents(&user, &library), 6, "round {round}");
        assert!(user.output(&["library", "check", &library]).ends_with("is sound\n"));
    }
}

#[test]
fn a_kill_at_any_moment_loses_nothing_and_bars_no_name() {
    let user = user();
    furnish(&user, 8);
    let kills = times(8, 200);
    let mut named = 0;
    for kill in 0..kills {
        // A library is made anew now and then: a kill may come while it is being made.
        let library = format!("kill-{}.osler", kill / 4);
        let batch = ["batch", "--task", "bc5cdr", "ward", "--library", &library];
        let mut child = user
            .command(&[&batch[..], &SCRIPTED[..]].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Spread over the life of the command, by what has come to be and not by the clock alone.
        let since = Instant::now();
        let moment = Duration::from_millis(5 + (kill as u64 * 37) % 400);
        while since.elapsed() < moment && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let _ = child.kill();
        child.wait().unwrap();
        let path = user.path(&library);
        if path.exists() {
            named += 1;
            assert!(user.output(&["library", "check", &library]).ends_with("is sound\n"), "kill {kill}");
        }
        if kill % 4 == 3 {
            // Whatever was left: the work can be brought to its end, nothing twice.
            let _ = user.output(&[&batch[..], &SCRIPTED[..]].concat());
            assert_eq!(documents(&user, &library), 8, "kill {kill}");
            let runs = user.read(&format!("{library}.count.jsonl"));
            assert!(!runs.contains("\\\"state\\\":\\\"running\\\""), "a killed run still runs");
        }
    }
    assert!(named > 0, "no kill met a library");
}

#[test]
fn two_that_resume_one_batch_share_it_and_both_succeed() {
    let user = user();
    furnish(&user, 12);
    let begin = ["batch", "--task", "bc5cdr", "ward", "--library", "w.osler", "--json"];
    let mut child =
        user.command(&[&begin[..], &SCRIPTED[..]].concat()).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut first)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let resume = || {
        user.command(&["batch", "--resume", "--library", "w.osler"]).stdout(Stdio::piped()).spawn().unwrap()
    };
    let both = [resume(), resume()];
    for child in both {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        // One may come when the other has done it all.
        assert!(output.status.success() || said.is_empty(), "{output:?}");
        assert!(said.is_empty() || said.contains("12 of 12 documents done, 0 failed"), "{said}");
    }
    assert_eq!(documents(&user, "w.osler"), 12);
}

#[test]
fn an_export_is_written_over_no_library_and_over_none_of_its_sources() {
    let user = user();
    furnish(&user, 2);
    for library in ["open.osler", "other.osler"] {
        let extract = ["extract", "--task", "bc5cdr", "--library", library, "ward/00.txt"];
        let _ = user.output(&[&extract[..], &SCRIPTED[..]].concat());
    }
    let before =
        [std::fs::read(user.path("open.osler")).unwrap(), std::fs::read(user.path("other.osler")).unwrap()];
    for out in ["open.osler", "./open.osler", "other.osler", "open.osler-wal", "open.osler-shm"] {
        let told = user.complaint(&["export", "--library", "open.osler", "--to", "jsonl", "--out", out]);
        assert!(told.contains("was left alone"), "{out}: {told}");
    }
    // The record of an export is written beside it: over nothing else of that name.
    user.write("table.csv.runs.json", "my notes");
    let told = user.complaint(&["export", "--library", "open.osler", "--to", "csv", "--out", "table.csv"]);
    assert!(told.contains("table.csv.runs.json") && told.contains("was left alone"), "{told}");
    assert_eq!(user.read("table.csv.runs.json"), "my notes");
    let told = user.complaint(&["convert", "ward", "--to", "jsonl", "--out", "ward/01.txt"]);
    assert!(told.contains("one of the files that were read"), "{told}");
    assert!(user.read("ward/01.txt").starts_with("Case 1"));
    let after =
        [std::fs::read(user.path("open.osler")).unwrap(), std::fs::read(user.path("other.osler")).unwrap()];
    assert!(before == after);
    // A second export to the same name is what one wants.
    for _ in 0..2 {
        let _ = user.output(&["export", "--library", "open.osler", "--to", "pubtator", "--out", "twice.txt"]);
    }
}

#[test]
fn a_rerun_that_is_killed_hides_nothing_and_the_last_word_is_exported() {
    let user = user();
    let extract = ["extract", "--task", "bc5cdr", "--library", "w.osler", "abstract.xml"];
    let _ = user.output(&[&extract[..], &SCRIPTED[..]].concat());
    let predicted = || {
        let arguments =
            ["export", "--library", "w.osler", "--to", "jsonl", "--content", "predicted", "--out", "p.jsonl"];
        let _ = user.output(&arguments);
        let import = documents::formats::read(user.read("p.jsonl").as_bytes(), "p.jsonl").unwrap();
        import.documents[0].relations.iter().filter(|one| one.id.starts_with('F')).count()
    };
    let found = predicted();
    assert!(found > 0);
    for moment in [30, 60, 90, 120, 200] {
        let mut child =
            user.command(&[&extract[..], &SCRIPTED[..]].concat()).stdout(Stdio::null()).spawn().unwrap();
        let since = Instant::now();
        while since.elapsed() < Duration::from_millis(moment) {
            std::thread::yield_now();
        }
        let _ = child.kill();
        child.wait().unwrap();
        assert_eq!(predicted(), found, "killed after {moment} ms");
    }
    // Accepted once, its twin of a later run rejected: it is not exported.
    let _ = user.output(&[&extract[..], &SCRIPTED[..]].concat());
    let listed = user.lines(&["review", "list", "--library", "w.osler", "--json"]);
    let same = |one: &Value, other: &Value| one["annotation"]["content"] == other["annotation"]["content"];
    let (first, last) = (&listed[0], listed.iter().rev().find(|one| same(one, &listed[0])).unwrap());
    assert_ne!(first["id"], last["id"]);
    let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
    let _ = user.output(&["review", "accept", &id(first), "--library", "w.osler"]);
    let _ = user.output(&["review", "reject", &id(last), "--library", "w.osler"]);
    let arguments =
        ["export", "--library", "w.osler", "--to", "jsonl", "--content", "curated", "--out", "c.jsonl"];
    let _ = user.output(&arguments);
    let import = documents::formats::read(user.read("c.jsonl").as_bytes(), "c.jsonl").unwrap();
    assert!(import.documents[0].relations.is_empty(), "{:?}", import.documents[0].relations);
}

#[test]
fn a_dictionary_that_is_missing_or_damaged_is_an_error_and_never_none() {
    let user = user();
    user.write("models/readme", "");
    let checkout = osler_tests::checkout();
    let copy = |bytes: &[u8]| user.write("models/terms/builtin.terms", bytes);
    let whole = std::fs::read(checkout.join("models/terms/builtin.terms")).unwrap();
    let extract = || {
        let arguments = ["extract", "--task", "bc5cdr", "--model", "scripted", "abstract.xml"];
        let mut command = user.command(&arguments);
        command.env("OSLER_MODELS", user.path("models")).output().unwrap()
    };
    copy(&whole);
    assert!(extract().status.success());
    for damaged in [None, Some(&whole[..whole.len() / 3]), Some(&b"not a dictionary"[..])] {
        match damaged {
            Some(bytes) => copy(bytes),
            None => std::fs::remove_file(user.path("models/terms/builtin.terms")).unwrap(),
        }
        let output = extract();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(
            told.contains("builtin.terms") && !String::from_utf8_lossy(&output.stdout).contains("none"),
            "{told}"
        );
    }
    // One of the user's own, too.
    copy(&whole);
    user.write("home/data/dictionaries/mine.terms", &whole[..100]);
    let output = extract();
    assert!(String::from_utf8_lossy(&output.stderr).contains("mine.terms"), "{output:?}");
}

#[cfg(unix)]
#[test]
fn texts_without_a_library_are_nobodys_business_and_gone_with_the_command() {
    use std::os::unix::fs::PermissionsExt;
    let user = user();
    std::fs::create_dir(user.path("tmp")).unwrap();
    let left = || {
        std::fs::read_dir(user.path("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let long: String = (0..3_000).map(|n| format!("Aspirin may cause nausea in case {n}. ")).collect();
    user.write("long.txt", long);
    for signal in ["INT", "TERM", "KILL"] {
        let arguments = ["extract", "--task", "bc5cdr", "--model", "scripted", "long.txt"];
        let mut child = user
            .command(&arguments)
            .env("TMPDIR", user.path("tmp"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let since = Instant::now();
        let has_library = || left().iter().any(|folder| folder.join("documents.osler").exists());
        while !has_library() && child.try_wait().unwrap().is_none() {
            assert!(since.elapsed() < Duration::from_secs(60), "no library came");
            std::thread::yield_now();
        }
        if child.try_wait().unwrap().is_none() {
            for folder in left() {
                let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
                assert_eq!(mode & 0o077, 0, "{} may be read by others", folder.display());
            }
        }
        let arguments = [format!("-{signal}"), child.id().to_string()];
        // It may have come to its end just now.
        let _ = std::process::Command::new("kill").args(&arguments).status();
        let ended = child.wait().unwrap();
        if signal != "KILL" {
            let inside = || left().iter().flat_map(std::fs::read_dir).flatten().collect::<Vec<_>>();
            assert!(left().is_empty(), "{signal}, {ended}: {:?} with {:?}", left(), inside());
        }
    }
    // What a kill left goes with the next start.
    let next = user.command(&["models", "list"]).env("TMPDIR", user.path("tmp")).output().unwrap();
    assert!(next.status.success());
    assert!(left().is_empty(), "{:?}", left());
    // Without a folder for temporary files there is still a way.
    let output =
        user.command(&["models", "list"]).env("TMPDIR", user.path("no/such/folder")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[cfg(unix)]
#[test]
fn pipes_devices_and_closed_outputs_are_told_and_nothing_panics() {
    let user = user();
    let extract = ["extract", "--task", "bc5cdr", "--library", "w.osler", "abstract.xml"];
    let _ = user.output(&[&extract[..], &SCRIPTED[..]].concat());
    // Inputs that never begin or never end.
    let pipe = user.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for input in ["pipe", "/dev/zero"] {
        let told = user.complaint(&["convert", input, "--to", "jsonl", "--out", "x.jsonl"]);
        assert!(told.contains("a pipe or a device"), "{told}");
        let told = user.complaint(&["verify", input]);
        assert!(told.contains("a pipe or a device"), "{told}");
    }
    // Outputs that are no files are written into.
    let export = ["export", "--library", "w.osler", "--to", "jsonl", "--out", "/dev/stdout"];
    let output = user.command(&export).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    assert!(!lines.is_empty() && lines.lines().all(|l| serde_json::from_str::<Value>(l).is_ok()), "{lines}");
    // A reader that has enough, and a full disk.
    let mut child = user
        .command(&["review", "list", "--library", "w.osler"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    if let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") {
        let output = user.command(&["review", "list", "--library", "w.osler"]).stdout(full).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("standard output") && !told.contains("panicked"), "{told}");
    }
    // An id that a terminal would obey is shown.
    user.write("bad.jsonl", "{\"id\": \"a\\u001b[31mb\", \"text\": \"Aspirin may cause nausea.\"}\n");
    let said = user.output(&["extract", "--task", "bc5cdr", "--model", "scripted", "bad.jsonl"]);
    assert!(!said.contains('\u{1b}') && said.contains("\\u001b[31m"), "{said:?}");
}

#[test]
fn a_library_may_have_any_name_and_is_looked_after() {
    let user = user();
    for name in ["Study 2.1", "Dr. Smith", "ward.osler"] {
        let extract = ["extract", "--task", "bc5cdr", "--library", name, "abstract.xml"];
        for _ in 0..2 {
            let _ = user.output(&[&extract[..], &SCRIPTED[..]].concat());
        }
        assert!(user.path(&format!("{}.osler", name.trim_end_matches(".osler"))).is_file(), "{name}");
        assert!(!user.output(&["review", "list", "--library", name]).is_empty());
    }
    assert!(user.output(&["library", "check", "ward.osler"]).contains("is sound"));
    let compacted = &user.lines(&["library", "compact", "ward.osler", "--json"])[0];
    assert!(compacted["bytesAfter"].as_u64().unwrap() > 0);
    let repaired = &user.lines(&["library", "repair", "ward.osler", "--json"])[0];
    assert_eq!((&repaired["before"], &repaired["after"]), (&Value::Array(vec![]), &Value::Array(vec![])));
    assert!(user.path("ward.before-repair.osler").is_file());
    let long = format!("{}.osler", "n".repeat(246));
    let told = user.complaint(&[
        "extract",
        "--task",
        "bc5cdr",
        "--model",
        "scripted",
        "--library",
        &long,
        "abstract.xml",
    ]);
    assert!(told.contains("Choose a shorter name"), "{told}");
}

/// A model under the name of another one: a batch that was begun does not go on with it unless that is asked for.
#[test]
fn a_batch_goes_on_with_the_weights_it_was_begun_with() {
    let user = user();
    furnish(&user, 6);
    osler_tests::write_published_model(&user.path("one/model"));
    osler_tests::write_published_model(&user.path("two/model"));
    // Other bytes, the same name.
    let weights = user.path("two/model/model.safetensors");
    let mut bytes = std::fs::read(&weights).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&weights, bytes).unwrap();
    let batch =
        ["batch", "--task", "bc5cdr", "ward", "--library", "w.osler", "--model", "one/model", "--json"];
    let mut child = user.command(&batch).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let resume = ["batch", "--resume", "--library", "w.osler", "--model", "two/model"];
    let told = user.complaint(&resume);
    if told.contains("no batch of this library is left") {
        // The machine was faster than the kill.
        return;
    }
    assert!(told.contains("weights") && told.contains("--accept-changes"), "{told}");
    let output = user.command(&[&resume[..], &["--accept-changes"]].concat()).output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("--accept-changes"), "{output:?}");
}

/// The parser of PDFs panics on what is damaged: that is told as what it is, and nothing else is printed.
#[test]
fn a_damaged_page_of_a_pdf_is_told_and_no_panic_is_printed() {
    let user = user();
    let stream = |content: &str| format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len());
    let page = |content: usize| {
        let font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>";
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents {content} 0 R /Resources {font} >>"
        )
    };
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>".to_owned(),
        page(5),
        page(6),
        stream("BT /F1 12 Tf (Aspirin may cause nausea.) Tj ET"),
        // The operator lacks its operands.
        stream("1 0 cm"),
    ];
    let mut pdf = "%PDF-1.4\n".to_owned();
    let mut table = String::new();
    for (number, object) in (1..).zip(&objects) {
        table += &format!("{:010} 00000 n \n", pdf.len());
        pdf += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let start = pdf.len();
    pdf += &format!(
        "xref\n0 7\n0000000000 65535 f \n{table}trailer\n<< /Size 7 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF"
    );
    user.write("report.pdf", pdf);
    let convert = ["convert", "report.pdf", "--to", "jsonl", "--out", "report.jsonl"];
    let output = user.command(&convert).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("report.pdf, page 2: The page cannot be read."), "{told}");
    assert!(!told.contains("panicked"), "{told}");
    assert!(user.read("report.jsonl").contains("Aspirin may cause nausea."));
}
