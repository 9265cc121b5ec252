//! Pickles that would run something in Python are refused by name and place, and run nothing.

use std::fs;

use checkpoints::{Checkpoint, CheckpointError, PickleProblem};

use crate::allocation;
use crate::files::{self, FileForm, Model};
use crate::pickle_writer::PickleWriter;

/// How a model folder with this pickle is refused, zipped and in the old form.
fn refusals(pickle: &[u8]) -> [(PickleProblem, u64, String); 2] {
    [FileForm::Zipped, FileForm::Legacy].map(|form| {
        let folder = tempfile::tempdir().unwrap();
        let path = form.write(folder.path(), &Model::sound());
        let (bytes, start) = match form {
            FileForm::Legacy => {
                let file = files::legacy(pickle, &[]);
                (file.clone(), file.windows(pickle.len()).position(|window| window == pickle).unwrap())
            }
            _ => (files::zipped(pickle, &[]), 30 + "archive/data.pkl".len()),
        };
        fs::write(&path, bytes).unwrap();
        let error = Checkpoint::open(folder.path()).unwrap_err();
        let message = error.to_string();
        assert!(message.contains(form.file_name()), "{message}");
        match error {
            CheckpointError::Pickle { cause, .. } => (cause.problem, cause.offset - start as u64, message),
            other => panic!("{other}"),
        }
    })
}

fn assert_global(pickle: &[u8], name: &str) {
    for (problem, _, message) in refusals(pickle) {
        assert_eq!(problem, PickleProblem::Global(name.to_owned()), "{message}");
        assert!(message.contains(name) && message.contains("nothing was run"), "{message}");
    }
}

fn assert_opcode(pickle: &[u8], name: &str) {
    for (problem, _, message) in refusals(pickle) {
        assert_eq!(problem, PickleProblem::Opcode(name.to_owned()), "{message}");
        assert!(message.contains(name), "{message}");
    }
}

fn assert_refused(pickle: &[u8], words: &str) {
    for (_, _, message) in refusals(pickle) {
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn functions_outside_the_list_are_refused_by_name_and_place() {
    let canary = tempfile::tempdir().unwrap();
    let file = canary.path().join("ran");
    let command = format!("touch {}", file.display());
    for (module, name) in [
        ("os", "system"),
        ("posix", "system"),
        ("nt", "system"),
        ("subprocess", "Popen"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("builtins", "getattr"),
        ("builtins", "__import__"),
        ("__builtin__", "eval"),
        ("operator", "attrgetter"),
        ("functools", "partial"),
        ("torch", "load"),
        ("torch.storage", "_load_from_bytes"),
        ("torch.hub", "load"),
        ("torch._utils", "_rebuild_qtensor"),
        ("numpy.testing._private.utils", "runstring"),
        ("importlib", "import_module"),
        ("pickle", "loads"),
        ("argparse", "FileType"),
        ("collections", "OrderedDict.__class__"),
        ("typing", "ForwardRef"),
        ("fairseq.dataclass.configs", "os.system"),
    ] {
        let pickle = PickleWriter::new().global(module, name).mark().text(&command).tuple().raw(b"R").stop();
        assert_global(&pickle, &format!("{module}.{name}"));
        for (_, offset, message) in refusals(&pickle) {
            assert_eq!(offset, 2, "{message}");
        }
        // The same by name on the stack, and hidden in arguments of something allowed.
        let pickle = PickleWriter::new().text(module).text(name).raw(b"\x93)R").stop();
        assert_global(&pickle, &format!("{module}.{name}"));
        let pickle = PickleWriter::new().dict().text("model").global("collections", "OrderedDict").mark();
        let pickle =
            pickle.global(module, name).text(&command).raw(b"\x85R").tuple().raw(b"R").set_items().stop();
        assert_global(&pickle, &format!("{module}.{name}"));
    }
    assert!(!file.exists());
}

#[test]
fn opcodes_that_call_or_load_otherwise_are_refused_by_name() {
    let cases: [(&[u8], &str); 16] = [
        (b"(S'touch x'\nios\nsystem\n", "STRING"),
        (b"(ios\nsystem\n", "INST"),
        (b"(X\x01\x00\x00\x00xo", "OBJ"),
        (b")}\x92", "NEWOBJ_EX"),
        (b"\x82\x01", "EXT1"),
        (b"\x83\x01\x00", "EXT2"),
        (b"\x84\x01\x00\x00\x00", "EXT4"),
        (b"Pmodule\n", "PERSID"),
        (b"(d", "DICT"),
        (b"(l", "LIST"),
        (b"N2", "DUP"),
        (b"N0", "POP"),
        (b"I01\n", "INT"),
        (b"\x8b\xff\xff\xff\x7f", "LONG4"),
        (b"\x97", "NEXT_BUFFER"),
        (b"\xff", "0xff (unknown)"),
    ];
    for (opcodes, name) in cases {
        assert_opcode(&PickleWriter::new().raw(opcodes).stop(), name);
    }
}

#[test]
fn allowed_names_cannot_be_turned_to_other_uses() {
    let namespace = || PickleWriter::new().global("argparse", "Namespace");
    let ordered = || PickleWriter::new().global("collections", "OrderedDict");
    let cases = [
        (namespace().raw(b")R").stop(), "calls Namespace with 0 arguments"),
        (ordered().raw(b")\x81").stop(), "makes an object of something that is no plain class"),
        (namespace().text("x").raw(b"\x85\x81").stop(), "makes an object of something"),
        (namespace().raw(b")\x81").text("__dict__").raw(b"b").stop(), "sets attributes of something"),
        (namespace().raw(b")\x81}b}b").stop(), "sets attributes of something"),
        (PickleWriter::new().text("os.system").raw(b")R").stop(), "calls something that is no function"),
        (ordered().raw(b")R)R").stop(), "calls something that is no function"),
        (PickleWriter::new().raw(b"})\x93").stop(), "names a class by something that is no text"),
        (PickleWriter::new().text("module").raw(b"\x85Q").stop(), "by an id of another length"),
        (PickleWriter::new().text("os").raw(b"Q").stop(), "by an id that is no tuple"),
        (
            PickleWriter::new().global("torch._utils", "_rebuild_parameter").raw(b"}\x85R").stop(),
            "calls Rebuild",
        ),
        (PickleWriter::new().raw(b"})s").stop(), "changes a value that it never made"),
        (PickleWriter::new().raw(b"]NNs").stop(), "sets items of something that is no dict"),
        (PickleWriter::new().raw(b"}Na").stop(), "appends to something that is no list"),
        (PickleWriter::new().raw(b"}(Nu").stop(), "a key has no value"),
        (PickleWriter::new().raw(b"h\x07").stop(), "recalls value 7"),
        (PickleWriter::new().raw(b"NN").stop(), "values are left over"),
        (PickleWriter::new().raw(b"(N").stop(), "values are left over"),
        (PickleWriter::new().raw(b"t").stop(), "closes a group that it never opened"),
        (PickleWriter::new().raw(b"X\xff\xff\xff\x7fabc").stop(), "bytes should follow"),
        (PickleWriter::new().raw(b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff").stop(), "bytes should follow"),
        (PickleWriter::new().raw(b"X\x02\x00\x00\x00\xff\xfe").stop(), "not UTF-8"),
        (b"\x80\x09N.".to_vec(), "protocol 9"),
        (b"(lp0\n.".to_vec(), "not a pickle of protocol 2 to 5"),
    ];
    for (pickle, words) in cases {
        assert_refused(&pickle, words);
    }
}

#[test]
fn depth_and_memory_bombs_are_refused_in_bounded_memory() {
    let deep = PickleWriter::new().raw(&b"(".repeat(100_000)).stop();
    assert_refused(&deep, "nests its values too deeply");
    let wide = PickleWriter::new().raw(&b"N".repeat(100_000)).stop();
    assert_refused(&wide, "nests its values too deeply");
    // A tuple in a tuple, a hundred thousand deep: a tree that no recursion could walk or drop.
    let nested = PickleWriter::new().raw(b")").raw(&b"\x85".repeat(100_000));
    let in_a_dict = |pickle: PickleWriter| pickle.set_items().stop();
    let folder = tempfile::tempdir().unwrap();
    let path = FileForm::Legacy.write(folder.path(), &Model::sound());
    let pickle = in_a_dict(PickleWriter::new().dict().text("args").raw(&nested.bytes[2..]));
    fs::write(&path, files::legacy(&pickle, &[])).unwrap();
    let message = Checkpoint::open(folder.path()).unwrap_err().to_string();
    assert!(message.contains("it has no `model`"), "{message}");
    // Each tuple holds the one before twice: 2^40 leaves for whoever walks all paths.
    let laughs = (0..40_u8).fold(PickleWriter::new().raw(b")q\x00"), |pickle, level| {
        pickle.raw(&[b'h', level, b'h', level, 0x86, b'q', level + 1])
    });
    let pickle =
        PickleWriter::new().dict().text("model").dict().set_items().text("x").raw(&laughs.bytes[2..]);
    let pickle = in_a_dict(pickle.raw(b"").mark().raw(b"t")).to_vec();
    assert_refused(&pickle, "a key has no value");
    // A million empty dicts, and memory that grows with copies of one text.
    let many = PickleWriter::new().raw(b"]").raw(&b"}a".repeat(1_000_000));
    assert_refused(&many.stop(), "bytes for its structure");
    let text = "x".repeat(1 << 20);
    let copies =
        PickleWriter::new().raw(b"]").text(&text).raw(b"q\x01").text("latin1").raw(b"q\x02\x86q\x03a");
    let copies = copies.raw(b"c_codecs\nencode\nq\x04a").raw(&b"h\x04h\x03Ra".repeat(200));
    assert_refused(&copies.stop(), "bytes for its structure");
    assert!(allocation::largest() < 64 << 20, "{} bytes at once", allocation::largest());
}

/// One long key that is written once, and recalled for each of many entries.
#[test]
fn a_long_key_of_many_entries_costs_its_length_once() {
    let key = "k".repeat(4 << 20);
    let model = Model::sound();
    for (keyed_by, entries) in [("tensors", 20_000), ("dicts", 20_000)] {
        // Recalled by number: the key, and the value of every entry.
        let pickle = PickleWriter::new().dict().text("model").ordered_dict();
        let pickle = pickle.text(&key).raw(b"q\x01");
        let pickle = match keyed_by {
            "tensors" => files::tensor_of_storage(pickle, &model.tensors[0], 0, true),
            _ => pickle.raw(b"}"),
        };
        let pickle = pickle.raw(b"q\x02").raw(&b"h\x01h\x02".repeat(entries)).set_items().set_items().stop();
        let folder = tempfile::tempdir().unwrap();
        let path = FileForm::Legacy.write(folder.path(), &model);
        fs::write(&path, files::legacy(&pickle, &[])).unwrap();
        let (opened, peak) = allocation::peak_of(|| Checkpoint::open(folder.path()));
        assert!(opened.is_err(), "{keyed_by}");
        // The text, the message, and a small share of it for each entry.
        assert!(peak < 96 << 20, "{keyed_by}: {peak} bytes together");
    }
}
