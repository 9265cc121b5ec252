//! What a hostile PDF does to a trusting reader, found before it is read: streams that unpack without end, pages that
//! are their own parents, drawings that contain themselves or each other a million times.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use flate2::read::ZlibDecoder;
use pdf_extract::content::Content;
use pdf_extract::{Dictionary, Document, Object, ObjectId, Stream};

use super::filters::{UNPACKED, unpacked};

/// Deepest page tree.
const TREE: usize = 100;
/// Most drawings (form XObjects) a page may come to, counted as often as they are drawn.
const DRAWINGS: u64 = 20_000;
/// Layers of packing that are looked through where no filter is named.
const LAYERS: usize = 3;
/// Longest content of a page or drawing: its operations take some fifty times as much memory.
const CONTENT: usize = 32 * 1024 * 1024;
/// Longest row of a picture or table that a predictor works on, in bytes.
const ROW: i64 = 1024 * 1024;
/// Widest field of a cross-reference stream, in bytes.
const FIELD: i64 = 16;
/// How far before `stream` its dictionary is looked for.
const DICTIONARY: usize = 64 * 1024;

/// Whether all packed streams together unpack to no more than `limit` bytes, as far as that can be seen in the file
/// before it is loaded: loading unpacks the cross-reference and object streams.
pub(super) fn unpacks_within(bytes: &[u8], limit: usize) -> bool {
    let mut left = limit;
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| find(rest, b"stream")) {
        let keyword = at + found;
        at = keyword + b"stream".len();
        let Some(rest) = bytes.get(at..) else { break };
        let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
        let rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        let names = names(dictionary_before(bytes, keyword));
        let is_structure = names.iter().any(|name| matches!(&**name, b"XRef" | b"ObjStm"));
        let filters: Vec<&[u8]> =
            names.iter().map(Vec::as_slice).filter(|name| UNPACKED.contains(name)).collect();
        let size = if is_structure && !filters.is_empty() {
            if !is_modest(dictionary_before(bytes, keyword)) {
                return false;
            }
            unpacked(rest, &filters, left)
        } else if is_zlib(rest) {
            unpacked_layers(rest, left)
        } else {
            Some(0)
        };
        match size {
            Some(size) => left -= size,
            None => return false,
        }
    }
    true
}

/// The dictionary text that ends before byte `keyword`.
fn dictionary_before(bytes: &[u8], keyword: usize) -> &[u8] {
    let before = bytes.get(keyword.saturating_sub(DICTIONARY)..keyword).unwrap_or_default();
    let start = before.windows(3).rposition(|window| window == b"obj").map_or(0, |at| at + 3);
    before.get(start..).unwrap_or_default()
}

/// The names (`/Name`) of a dictionary's text, with their escapes (`#4C`) resolved.
fn names(text: &[u8]) -> Vec<Vec<u8>> {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"/<>[](){}%".contains(byte);
    let mut parts = text.split(|byte| *byte == b'/');
    parts.next();
    parts
        .map(|part| {
            let end = part.iter().position(is_end).unwrap_or(part.len());
            resolved(part.get(..end.min(127)).unwrap_or_default())
        })
        .collect()
}

fn resolved(name: &[u8]) -> Vec<u8> {
    let mut resolved = Vec::with_capacity(name.len());
    let mut at = 0;
    while let Some(byte) = name.get(at) {
        let digits = name.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| *byte == b'#').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(letter) => {
                resolved.push(letter);
                at += 3;
            }
            None => {
                resolved.push(*byte);
                at += 1;
            }
        }
    }
    resolved
}

/// Whether a cross-reference or object stream asks for no more memory than such a stream needs.
fn is_modest(dictionary: &[u8]) -> bool {
    let text = String::from_utf8_lossy(dictionary);
    let numbers_after = |key: &str| -> Vec<i64> {
        text.split(key)
            .skip(1)
            .flat_map(|rest| {
                let list = rest.trim_start().strip_prefix('[').and_then(|list| list.split(']').next());
                let words = list.unwrap_or_else(|| rest.split(['/', '>']).next().unwrap_or_default());
                words.split_whitespace().filter_map(|word| word.parse().ok()).collect::<Vec<_>>()
            })
            .collect()
    };
    numbers_after("/W").iter().all(|width| *width <= FIELD)
        && ["/Columns", "/Colors", "/BitsPerComponent"]
            .iter()
            .all(|key| numbers_after(key).iter().all(|number| *number <= ROW))
}

fn is_zlib(packed: &[u8]) -> bool {
    matches!(packed, [head, flags, ..] if head & 0x0f == 8 && (u16::from(*head) * 256 + u16::from(*flags)) % 31 == 0)
}

/// How much zlib data unpack to, all layers together; `None` beyond `limit`.
fn unpacked_layers(packed: &[u8], limit: usize) -> Option<usize> {
    let mut head = [0; 2];
    let is_layered = ZlibDecoder::new(packed).read_exact(&mut head).is_ok() && is_zlib(&head);
    unpacked(packed, &vec![b"FlateDecode".as_slice(); if is_layered { LAYERS } else { 1 }], limit)
}

/// The names of a file that are written with escapes (`/Encr#79pt`), resolved.
pub(super) fn escaped_names(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let marks = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'#').map(|(at, _)| at);
    marks.filter_map(|at| {
        let before = bytes.get(at.saturating_sub(40)..at)?;
        let start = at - before.len() + before.iter().rposition(|byte| *byte == b'/')?;
        names(bytes.get(start..(start + 80).min(bytes.len()))?).into_iter().next()
    })
}

/// Whether byte `at` is in the dictionary of a cross-reference stream.
pub(super) fn is_in_cross_references(bytes: &[u8], at: usize) -> bool {
    let after = bytes.get(at..(at + DICTIONARY).min(bytes.len())).unwrap_or_default();
    let Some(keyword) = find(after, b"stream") else { return false };
    names(dictionary_before(bytes, at + keyword)).iter().any(|name| name == b"XRef")
}

pub(super) fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// Refuses streams that unpack to more than `limit` bytes together, or whose predictors ask for long rows. For a file
/// that is loaded, and decrypted.
pub(super) fn check_streams(pdf: &Document, limit: usize) -> Result<(), String> {
    let mut left = limit;
    for stream in pdf.objects.values().filter_map(|object| object.as_stream().ok()) {
        let Ok(filters) = stream.filters() else { continue };
        if !has_short_rows(&stream.dict) {
            return Err("the rows of one of its streams are too long".to_owned());
        }
        match unpacked(&stream.content, &filters, left) {
            Some(size) => left -= size,
            None => return Err(format!("it unpacks to more than {} MB", limit / (1024 * 1024))),
        }
    }
    Ok(())
}

fn has_short_rows(dictionary: &Dictionary) -> bool {
    let parameters = match dictionary.get(b"DecodeParms") {
        Ok(Object::Array(all)) => all.iter().filter_map(|one| one.as_dict().ok()).collect(),
        Ok(one) => one.as_dict().into_iter().collect(),
        Err(_) => Vec::new(),
    };
    parameters.into_iter().all(|parameters: &Dictionary| {
        let number =
            |key: &[u8], usual: i64| parameters.get(key).and_then(Object::as_i64).unwrap_or(usual).max(1);
        let bits = number(b"Columns", 1)
            .checked_mul(number(b"Colors", 1))
            .and_then(|all| all.checked_mul(number(b"BitsPerComponent", 8)));
        bits.is_some_and(|bits| bits / 8 <= ROW)
    })
}

/// Refuses loops in the page tree and in drawings.
pub(super) fn check(pdf: &Document) -> Result<(), String> {
    let mut forms = Forms { pdf, costs: HashMap::new() };
    for page in pdf.get_pages().into_values() {
        let mut seen = HashSet::from([page]);
        let mut dictionary = pdf.get_dictionary(page).map_err(|error| error.to_string())?;
        let mut resources = None;
        loop {
            resources = resources.or_else(|| dictionary_at(pdf, dictionary, b"Resources"));
            let Some(parent) = dictionary.get(b"Parent").ok().and_then(|parent| parent.as_reference().ok())
            else {
                break;
            };
            if !seen.insert(parent) || seen.len() > TREE {
                return Err("its page tree runs in a circle".to_owned());
            }
            let Ok(parent) = pdf.get_dictionary(parent) else {
                break;
            };
            dictionary = parent;
        }
        let Some(resources) = resources else { continue };
        let content = pdf.get_page_content(page).unwrap_or_default();
        if content.len() > CONTENT {
            return Err(format!("what one of its pages draws is longer than {} MB", CONTENT / (1024 * 1024)));
        }
        forms.cost(&content, resources, &mut Vec::new())?;
    }
    Ok(())
}

/// The drawings of a file and what each comes to.
struct Forms<'d> {
    pdf: &'d Document,
    costs: HashMap<ObjectId, u64>,
}

impl<'d> Forms<'d> {
    /// How many drawings a content comes to. `open` are those it stands in.
    fn cost(
        &mut self,
        content: &[u8],
        resources: &'d Dictionary,
        open: &mut Vec<ObjectId>,
    ) -> Result<u64, String> {
        let Some(drawings) = dictionary_at(self.pdf, resources, b"XObject") else {
            return Ok(0);
        };
        let Ok(content) = Content::decode(content) else {
            return Ok(0);
        };
        let mut total: u64 = 0;
        let drawn = content.operations.iter().filter(|operation| operation.operator == "Do");
        for name in drawn.filter_map(|operation| operation.operands.first()?.as_name().ok()) {
            let Some((id, form)) = stream_at(self.pdf, drawings, name) else {
                continue;
            };
            total = total.saturating_add(1).saturating_add(self.form(id, form, resources, open)?);
            if total > DRAWINGS {
                return Err("its drawings multiply without end".to_owned());
            }
        }
        Ok(total)
    }

    fn form(
        &mut self,
        id: ObjectId,
        form: &'d Stream,
        resources: &'d Dictionary,
        open: &mut Vec<ObjectId>,
    ) -> Result<u64, String> {
        if open.contains(&id) || open.len() > TREE {
            return Err("its drawings contain themselves".to_owned());
        }
        // A drawing without resources of its own uses those of where it is drawn, and so may cost more there.
        let own = dictionary_at(self.pdf, &form.dict, b"Resources");
        if own.is_some()
            && let Some(cost) = self.costs.get(&id)
        {
            return Ok(*cost);
        }
        let content = if form.filters().is_ok() {
            form.decompressed_content().unwrap_or_default()
        } else {
            form.content.clone()
        };
        if content.len() > CONTENT {
            return Err(format!("one of its drawings is longer than {} MB", CONTENT / (1024 * 1024)));
        }
        open.push(id);
        let cost = self.cost(&content, own.unwrap_or(resources), open)?;
        open.pop();
        if own.is_some() {
            self.costs.insert(id, cost);
        }
        Ok(cost)
    }
}

fn dictionary_at<'d>(pdf: &'d Document, dictionary: &'d Dictionary, key: &[u8]) -> Option<&'d Dictionary> {
    let (_, object) = pdf.dereference(dictionary.get(key).ok()?).ok()?;
    object.as_dict().ok()
}

fn stream_at<'d>(
    pdf: &'d Document,
    dictionary: &'d Dictionary,
    name: &[u8],
) -> Option<(ObjectId, &'d Stream)> {
    let (id, object) = pdf.dereference(dictionary.get(name).ok()?).ok()?;
    match object {
        Object::Stream(stream) => Some((id?, stream)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::super::tests::{page, pdf, stream};
    use super::*;
    use crate::formats::{ReadError, read};

    fn problem(objects: &[String]) -> String {
        match read(&pdf(objects), "a.pdf") {
            Err(ReadError::Pdf { problem, .. }) => problem,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn refuses_circles() {
        let mut parents = page("BT /F1 12 Tf (x) Tj ET", "");
        parents[1] = "<< /Type /Pages /Kids [3 0 R] /Count 1 /Parent 2 0 R >>".to_owned();
        assert_eq!(problem(&parents), "its page tree runs in a circle");

        let mut drawings = page("/X Do", "/XObject << /X 6 0 R >>");
        drawings
            .push(stream("/Type /XObject /Subtype /Form /Resources << /XObject << /X 6 0 R >> >>", "/X Do"));
        assert_eq!(problem(&drawings), "its drawings contain themselves");
    }

    #[test]
    fn refuses_drawings_that_multiply() {
        let mut drawings = page("/X Do", "/XObject << /X 6 0 R >>");
        for next in 7..17 {
            let dictionary =
                format!("/Type /XObject /Subtype /Form /Resources << /XObject << /X {next} 0 R >> >>");
            drawings.push(stream(&dictionary, &"/X Do ".repeat(10)));
        }
        drawings.push(stream("/Type /XObject /Subtype /Form /Resources << >>", "0 0 1 1 re"));
        assert_eq!(problem(&drawings), "its drawings multiply without end");
    }

    #[test]
    fn refuses_streams_that_unpack_without_end() {
        let pack = |bytes: &[u8]| {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        let once = pack(&vec![b' '; 1_000_000]);
        let file = |packed: &[u8]| [b"%PDF-1.4 1 0 obj << >>\nstream\r\n", packed, b"\nendstream"].concat();
        assert!(!unpacks_within(&file(&once), 100_000));
        assert!(unpacks_within(&file(&once), 2_000_000));
        assert!(!unpacks_within(&file(&pack(&once)), 100_000), "two layers");
        assert!(unpacks_within(b"%PDF stream stream stream", 10));
    }
}
