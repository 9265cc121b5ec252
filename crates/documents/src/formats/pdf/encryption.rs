//! Encrypted files, of which those without a password can be read. Loading such a file decrypts and unpacks its object
//! streams at once, before anything can be counted: so their filters are hidden from it and given back afterwards.

use std::borrow::Cow;

use pdf_extract::{Document, Object, ObjectStream, Stream};

use super::filters::UNPACKED;
use super::guard;

/// Whether a file says that it is encrypted.
pub(super) fn is_encrypted(bytes: &[u8]) -> bool {
    bytes.windows(8).any(|window| window == b"/Encrypt")
        || guard::escaped_names(bytes).any(|name| name == b"Encrypt")
}

/// The file with the names of its filters hidden, but for cross-reference streams, which are not encrypted. `None` where
/// it hides names itself.
pub(super) fn hidden(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    if guard::escaped_names(bytes).any(|name| UNPACKED.contains(&name.as_slice())) {
        return None;
    }
    let mut hidden = bytes.to_vec();
    for filter in UNPACKED {
        let mut at = 0;
        while let Some(found) = bytes.get(at..).and_then(|rest| guard::find(rest, filter)) {
            let start = at + found;
            at = start + filter.len();
            if bytes.get(..start).is_some_and(|before| before.ends_with(b"/"))
                && !guard::is_in_cross_references(bytes, at)
                && let Some(last) = hidden.get_mut(at - 1)
            {
                *last = HIDDEN;
            }
        }
    }
    Some(Cow::Owned(hidden))
}

/// The last letter of a hidden name.
const HIDDEN: u8 = b'X';

/// Gives the streams their filters back.
pub(super) fn restore(pdf: &mut Document) {
    for object in pdf.objects.values_mut() {
        let Ok(stream) = object.as_stream_mut() else { continue };
        let Ok(filter) = stream.dict.get_mut(b"Filter") else { continue };
        match filter {
            Object::Name(name) => give_back(name),
            Object::Array(names) => {
                for name in names {
                    if let Object::Name(name) = name {
                        give_back(name);
                    }
                }
            }
            _ => {}
        }
    }
}

fn give_back(name: &mut [u8]) {
    let is_hidden = |filter: &&&[u8]| {
        filter.len() == name.len()
            && name.ends_with(&[HIDDEN])
            && filter[..filter.len() - 1] == name[..name.len() - 1]
    };
    if UNPACKED.iter().any(|filter| is_hidden(&filter))
        && let Some(last) = name.last_mut()
    {
        *last = b'e';
    }
}

/// Takes the objects of the object streams in. For a file that was checked.
pub(super) fn open_object_streams(pdf: &mut Document) {
    let is_container = |stream: &&Stream| stream.dict.has_type(b"ObjStm");
    let streams: Vec<Stream> = pdf
        .objects
        .values()
        .filter_map(|object| object.as_stream().ok())
        .filter(is_container)
        .cloned()
        .collect();
    for mut stream in streams {
        if let Ok(opened) = ObjectStream::new(&mut stream) {
            for (id, object) in opened.objects {
                pdf.objects.entry(id).or_insert(object);
            }
        }
    }
}
