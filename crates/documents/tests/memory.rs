//! Files made to fill the memory: what is alive at once while they are read stays within a bound, however it is cut into
//! pieces.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use documents::formats::{Import, ReadError, ReadOptions, read, read_with};
use documents::limits::Limits;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_extract::{Document as Pdf, EncryptionState, EncryptionVersion, Permissions};

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
/// One test at a time: all threads are counted, for PDFs are read on one of their own.
static ALONE: Mutex<()> = Mutex::new(());

struct Counted;

#[global_allocator]
static ALLOCATOR: Counted = Counted;

fn grow(size: usize) {
    let live = LIVE.fetch_add(size, Ordering::Relaxed) + size;
    PEAK.fetch_max(live, Ordering::Relaxed);
}

// SAFETY: every call goes to the system's allocator unchanged; only the sizes are counted.
#[allow(unsafe_code, reason = "an allocator is an unsafe trait")]
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: `pointer` came from `System` with this `layout`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grow(size);
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: `pointer` came from `System` with this `layout`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

const MIB: usize = 1024 * 1024;

/// What reading gives, and the most bytes that were alive beyond those before it.
fn measured(bytes: &[u8], name: &str, limits: Limits) -> (Result<Import, ReadError>, usize) {
    let options = ReadOptions { limits, ..ReadOptions::default() };
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let result = read_with(bytes, name, &options);
    (result, PEAK.load(Ordering::Relaxed).saturating_sub(before))
}

fn refused(bytes: &[u8], name: &str, limits: Limits, most: usize) -> String {
    let (result, peak) = measured(bytes, name, limits);
    assert!(peak < most, "{} MB were alive at once", peak / MIB);
    match result {
        Err(error) => error.to_string(),
        Ok(import) => panic!("{} documents were read", import.documents.len()),
    }
}

#[test]
fn xml_of_countless_elements() {
    let _alone = ALONE.lock();
    let text = format!("<article>{}</article>", "<a/>".repeat(MIB));
    // The text is decoded once; a node takes some seventy bytes, thrice that while a list grows.
    let limits = Limits { xml_nodes: 200_000, ..Limits::default() };
    let error = refused(text.as_bytes(), "a.xml", limits, 50 * MIB);
    assert!(error.contains("it holds more than 200000 elements"), "{error}");
}

#[test]
fn xml_entities_used_without_end() {
    let _alone = ALONE.lock();
    let text = format!(
        "<!DOCTYPE article [<!ENTITY d \"{}\">]><article><front><article-meta><title-group><article-title>{}</article-title></title-group></article-meta></front></article>",
        "x".repeat(1000),
        "&d;".repeat(MIB / 4)
    );
    let error = refused(text.as_bytes(), "a.xml", Limits::default(), 100 * MIB);
    assert!(error.contains("that come to more than 16 MB"), "{error}");
}

#[test]
fn json_of_countless_mentions() {
    let _alone = ALONE.lock();
    let mention = r#"{"start_offset": 0, "end_offset": 1, "label": "X"},"#;
    let line =
        format!(r#"{{"text": "word", "entities": [{}]}}"#, mention.repeat(400_000).trim_end_matches(','));
    let limits = Limits { json_bytes: 64 * MIB, ..Limits::default() };
    let error = refused(line.as_bytes(), "a.jsonl", limits, 100 * MIB);
    assert!(error.contains("It holds too many values: more than 64 MB in memory"), "{error}");
    let lines = "{\"text\": \"word\", \"label\": [[0, 4, \"X\"]]}\n".repeat(10_000);
    let limits = Limits { file_annotations: 1000, ..Limits::default() };
    let (import, _) = measured(lines.as_bytes(), "a.jsonl", limits);
    let import = import.unwrap();
    assert_eq!((import.documents.len(), import.issues.len()), (1000, 1));
    assert!(import.issues[0].message.contains("more than 1000 annotations"));
}

/// A PDF of the given objects (numbered from 1), the first of which is the catalogue.
fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.5\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(bytes.len());
        let _ = writeln!(bytes, "{number} 0 obj");
        bytes.extend_from_slice(object);
        bytes.extend_from_slice(b"\nendobj\n");
    }
    let start = bytes.len();
    let _ = write!(bytes, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for place in places {
        let _ = writeln!(bytes, "{place:010} 00000 n ");
    }
    let size = objects.len() + 1;
    let _ = write!(
        bytes,
        "trailer\n<< /Size {size} /Root 1 0 R /ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>] >>\nstartxref\n{start}\n%%EOF\n"
    );
    bytes
}

fn stream(dictionary: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("<< {dictionary} /Length {} >>\nstream\n", content.len());
    [head.as_bytes(), content, b"\nendstream"].concat()
}

/// One page with that content.
fn page(content: Vec<u8>) -> Vec<Vec<u8>> {
    let texts = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    ];
    let mut objects: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    objects.push(content);
    objects.push(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec());
    objects
}

fn flate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn lzw(bytes: &[u8]) -> Vec<u8> {
    weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8).encode(bytes).unwrap()
}

fn ascii85(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for group in bytes.chunks(4) {
        let mut padded = [0; 4];
        padded[..group.len()].copy_from_slice(group);
        let mut number = u32::from_be_bytes(padded);
        let mut digits = [0; 5];
        for digit in digits.iter_mut().rev() {
            *digit = b'!' + u8::try_from(number % 85).unwrap();
            number /= 85;
        }
        text.extend_from_slice(&digits[..=group.len()]);
    }
    text.extend_from_slice(b"~>");
    text
}

/// The file encrypted with these passwords.
fn encrypted(bytes: &[u8], user: &str) -> Vec<u8> {
    let mut document = Pdf::load_mem(bytes).unwrap();
    let state = EncryptionState::try_from(EncryptionVersion::V2 {
        document: &document,
        owner_password: "owner",
        user_password: user,
        key_length: 40,
        permissions: Permissions::all(),
    })
    .unwrap();
    document.encrypt(&state).unwrap();
    let mut saved = Vec::new();
    document.save_to(&mut saved).unwrap();
    saved
}

/// Limits that small files reach.
fn tight() -> Limits {
    Limits { expansion_floor: 4 * MIB, ..Limits::default() }
}

const WORDS: &[u8] = b"BT /F1 12 Tf 72 700 Td (Aspirin reduces fever.) Tj ET";

#[test]
fn pdf_streams_that_unpack_without_end() {
    let _alone = ALONE.lock();
    let blanks = vec![b' '; 40 * MIB];
    for (filter, packed) in [
        ("/Filter /LZWDecode", lzw(&blanks)),
        ("/Filter [/ASCII85Decode /FlateDecode]", ascii85(&flate(&blanks))),
        ("/Filter /L#5aWDecode", lzw(&blanks)),
        ("/Filter [/FlateDecode /LZWDecode]", flate(&lzw(&blanks))),
    ] {
        for objects in [
            page(stream(filter, &packed)),
            // Loading the file unpacks these.
            [
                page(stream("", WORDS)),
                vec![stream(&format!("/Type /ObjStm /N 1 /First 4 {filter}"), &packed)],
            ]
            .concat(),
        ] {
            let bytes = pdf(&objects);
            let error = refused(&bytes, "a.pdf", tight(), 30 * MIB);
            assert!(error.contains("unpacks to more than"), "{filter}: {error}");
        }
    }
}

#[test]
fn pdf_rows_without_end() {
    let _alone = ALONE.lock();
    let parameters = "/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 100000000000 >>";
    let error =
        refused(&pdf(&page(stream(parameters, &flate(WORDS)))), "a.pdf", Limits::default(), 100 * MIB);
    assert!(error.contains("rows of one of its streams are too long"), "{error}");
}

#[test]
fn encrypted_pdfs_are_read_bounded_or_named() {
    let _alone = ALONE.lock();
    let sound = pdf(&page(stream("/Filter /FlateDecode", &flate(WORDS))));
    assert_eq!(read(&sound, "a.pdf").unwrap().documents[0].text, "Aspirin reduces fever.");
    assert_eq!(read(&encrypted(&sound, ""), "a.pdf").unwrap().documents[0].text, "Aspirin reduces fever.");
    let locked = read(&encrypted(&sound, "secret"), "a.pdf").unwrap_err().to_string();
    assert!(locked.contains("it is protected by a password"), "{locked}");
    let bomb = pdf(&page(stream("/Filter /FlateDecode", &flate(&vec![b' '; 40 * MIB]))));
    let error = refused(&encrypted(&bomb, ""), "a.pdf", tight(), 30 * MIB);
    assert!(error.contains("it unpacks to more than"), "{error}");
}
