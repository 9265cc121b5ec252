//! The program as a stranger uses it: over all of the reference's cases, reading nothing but its standard output.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use safetensors::SafeTensors;
use serde_json::Value;

/// The reference's data, if it is at hand.
fn parity() -> Option<PathBuf> {
    let shared = std::env::var_os("OSLER_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let folder = shared.join("parity");
    if folder.is_dir() {
        return Some(folder);
    }
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "{} not found, and CI skips nothing",
        folder.display()
    );
    eprintln!("skipped: {} not found", folder.display());
    None
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_osler-cli"))
}

/// The last line of standard output, after success.
fn last_line(command: &mut Command) -> Result<Value, String> {
    let output = command.output().unwrap();
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        return Err(errors.into_owned());
    }
    serde_json::from_str(out.lines().last().unwrap_or_default()).map_err(|e| format!("{e}: {out}"))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

fn joined(ids: &Value) -> String {
    numbers(ids).iter().map(|id| format!("{id}")).collect::<Vec<_>>().join(",")
}

fn close(found: &[f64], wanted: &[f64], tolerance: f64) -> bool {
    found.len() == wanted.len() && found.iter().zip(wanted).all(|(f, w)| (f - w).abs() <= tolerance)
}

/// One line a case; fails in the end if a case differs.
#[derive(Default)]
struct Report {
    lines: Vec<String>,
    wrong: usize,
}

impl Report {
    fn case(&mut self, name: &str, result: Result<bool, String>) {
        let equal = result == Ok(true);
        self.wrong += usize::from(!equal);
        let words = match result {
            Ok(true) => "equal".to_owned(),
            Ok(false) => "DIFFERS".to_owned(),
            Err(error) => format!("FAILED: {error}"),
        };
        self.lines.push(format!("{name}: {words}"));
    }

    fn finish(self) {
        let table = self.lines.join("\n");
        println!("{table}\n{} cases, {} wrong", self.lines.len(), self.wrong);
        assert!(
            self.wrong == 0 && !self.lines.is_empty(),
            "{} of {} cases are wrong",
            self.wrong,
            self.lines.len()
        );
    }
}

/// Every model in every form, with its cases.
fn models(parity: &Path) -> Vec<(String, PathBuf, Value)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(parity.join("models")).unwrap() {
        let folder = entry.unwrap().path();
        let cases: Value =
            serde_json::from_slice(&std::fs::read(folder.join("cases.json")).unwrap()).unwrap();
        for form in ["hf", "hf-bin", "fairseq"] {
            let name = format!("{} {form}", folder.file_name().unwrap().to_string_lossy());
            all.push((name, folder.join(form), cases.clone()));
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn generate(model: &Path, ids: &Value) -> Command {
    let mut command = program();
    command.args(["inspect", "generate", "--device", "cpu", "--json", "--model"]).arg(model);
    command.args(["--ids", &joined(ids)]);
    command
}

#[test]
fn every_case_is_continued_as_by_the_reference() {
    let Some(parity) = parity() else { return };
    let mut report = Report::default();
    for (name, model, file) in models(&parity) {
        for case in file["cases"].as_array().unwrap() {
            let name = format!("{name} case {}", case["id"]);
            if let Some(wanted) = case.get("greedy") {
                let mut command = generate(&model, &case["ids"]);
                command.args(["--greedy", "--max-length", &wanted["max_length"].to_string()]);
                let equal = last_line(&mut command).map(|found| {
                    found["ids"] == wanted["ids"]
                        && found["sequences"] == Value::from(vec![wanted["ids"].clone()])
                        && close(&numbers(&found["logprobs"]), &numbers(&wanted["logprobs"]), 1e-4)
                });
                report.case(&format!("{name} greedy"), equal);
            }
            for wanted in case.get("beam").and_then(Value::as_array).into_iter().flatten() {
                let mut command = generate(&model, &case["ids"]);
                let settings = [
                    ("beams", "num_beams"),
                    ("length-penalty", "length_penalty"),
                    ("min-length", "min_length"),
                    ("max-length", "max_length"),
                ];
                for (option, field) in settings {
                    command.arg(format!("--{option}={}", wanted[field]));
                }
                if wanted["early_stopping"] == true {
                    command.arg("--early-stopping");
                }
                let equal = last_line(&mut command).map(|found| {
                    found["ids"] == wanted["sequences"][0]
                        && found["sequences"] == wanted["sequences"]
                        && close(&numbers(&found["scores"]), &numbers(&wanted["scores"]), 1e-4)
                });
                let setting = format!("beams {} length {}", wanted["num_beams"], wanted["min_length"]);
                report.case(&format!("{name} {setting} penalty {}", wanted["length_penalty"]), equal);
            }
        }
    }
    report.finish();
}

#[test]
fn every_case_has_the_logits_of_the_reference() {
    let Some(parity) = parity() else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    let mut report = Report::default();
    for (name, model, file) in models(&parity) {
        let expected = std::fs::read(model.parent().unwrap().join("expected.safetensors")).unwrap();
        let expected = SafeTensors::deserialize(&expected).unwrap();
        for case in file["cases"].as_array().unwrap() {
            let mut command = program();
            command.args(["inspect", "logits", "--device", "cpu", "--model"]).arg(&model);
            command.args(["--ids", &joined(&case["ids"])]).arg("--out").arg(&out);
            let output = command.output().unwrap();
            let result = if output.status.success() {
                let found = std::fs::read(&out).unwrap();
                let found = SafeTensors::deserialize(&found).unwrap();
                Ok(["logits", "hidden"].iter().all(|what| {
                    let wanted = expected.tensor(&format!("{}.{what}", case["id"])).unwrap();
                    let found = found.tensor(what).unwrap();
                    found.shape() == wanted.shape()
                        && close(&floats(found.data()), &floats(wanted.data()), 2e-4)
                }))
            } else {
                Err(String::from_utf8_lossy(&output.stderr).into_owned())
            };
            report.case(&format!("{name} case {} logits", case["id"]), result);
        }
    }
    report.finish();
}

fn floats(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect()
}

#[test]
fn every_text_has_the_tokens_of_the_reference() {
    let Some(parity) = parity() else { return };
    let lines = std::fs::read_to_string(parity.join("tokenizer.jsonl")).unwrap();
    let mut command = program();
    command.args(["inspect", "tokenize", "--vocab"]).arg(parity.join("biogpt-vocab"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let texts: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let asked: String =
        texts.iter().map(|t| format!("{}\n", serde_json::json!({ "text": t["text"] }))).collect();
    let writer = std::thread::spawn(move || input.write_all(asked.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let answers: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(answers.len(), texts.len());
    let mut report = Report::default();
    for (number, (answer, wanted)) in answers.iter().zip(&texts).enumerate() {
        let characters = wanted["text"].as_str().unwrap().chars().count() as f64;
        let offsets = answer["offsets"].as_array().unwrap();
        let inside = offsets.iter().map(numbers).all(|o| o.len() == 2 && o[0] <= o[1] && o[1] <= characters);
        let equal = answer["ids"] == wanted["ids"] && answer["decoded"] == wanted["decoded"];
        let whole = inside && offsets.len() == numbers(&wanted["ids"]).len();
        report.case(&format!("text {}", number + 1), Ok(equal && whole));
    }
    report.finish();
}

#[test]
fn a_random_model_is_continued_scored_and_measured() {
    let output = |arguments: &[&str]| last_line(program().args(arguments)).unwrap();
    let found = output(&["bench", "--random", "tiny", "--runs", "1", "--device", "cpu", "--json"]);
    let keys = [
        "load_s",
        "peak_rss_mb",
        "prefill_256_tokens_per_s",
        "prefill_512_tokens_per_s",
        "decode_tokens_per_s",
        "beam5_positions_per_s",
        "batch8_prefill_tokens_per_s",
        "batch8_decode_tokens_per_s",
        "first_token_s",
    ];
    for key in keys {
        assert!(found[key].as_f64().is_some_and(|value| value > 0.0), "{key}: {found}");
    }
    assert!(found["quant"] == "none" && found["device"].as_str().unwrap().starts_with("cpu"));
}

#[test]
fn what_cannot_be_done_ends_with_a_message_and_not_with_success() {
    let output = program()
        .args(["inspect", "generate", "--greedy", "--ids", "2,5", "--model", "no-such-folder"])
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && message.contains("no-such-folder"), "{message}");
}
