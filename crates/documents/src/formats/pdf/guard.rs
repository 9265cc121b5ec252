//! What a hostile PDF does to a trusting reader, found before it is read: streams that unpack without end, pages that
//! are their own parents, drawings that contain themselves or each other a million times.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use flate2::read::ZlibDecoder;
use pdf_extract::content::Content;
use pdf_extract::{Dictionary, Document, Object, ObjectId, Stream};

/// Deepest page tree.
const TREE: usize = 100;
/// Most drawings (form XObjects) a page may come to, counted as often as they are drawn.
const DRAWINGS: u64 = 20_000;
/// Layers of packing that are looked through.
const LAYERS: usize = 3;

/// Whether all packed streams together unpack to no more than `limit` bytes.
pub(super) fn unpacks_within(bytes: &[u8], limit: usize) -> bool {
    let mut left = limit;
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| find(rest, b"stream")) {
        at += found + b"stream".len();
        let Some(rest) = bytes.get(at..) else { break };
        let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
        let rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        match unpacked(rest, left, LAYERS) {
            Some(size) => left -= size,
            None => return false,
        }
    }
    true
}

/// How much zlib data unpack to, all layers together; `None` beyond `limit`. What is no zlib data counts nothing.
fn unpacked(packed: &[u8], limit: usize, layers: usize) -> Option<usize> {
    let is_zlib = matches!(packed, [head, flags, ..] if head & 0x0f == 8 && (u16::from(*head) * 256 + u16::from(*flags)) % 31 == 0);
    if layers == 0 || !is_zlib {
        return Some(0);
    }
    let mut decoder = ZlibDecoder::new(packed);
    let mut buffer = vec![0; 64 * 1024];
    let mut first = Vec::new();
    let mut size = 0;
    // A damaged stream ends here, as it does for the reader.
    while let Ok(count) = decoder.read(&mut buffer) {
        if count == 0 {
            break;
        }
        size += count;
        if size > limit {
            return None;
        }
        // A stream packed twice is small after the first layer.
        if first.len() < 4 * 1024 * 1024 {
            first.extend_from_slice(buffer.get(..count).unwrap_or_default());
        }
    }
    Some(size + unpacked(&first, limit - size, layers - 1)?)
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
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
