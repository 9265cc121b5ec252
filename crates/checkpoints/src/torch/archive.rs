//! Where the members of a zip archive lie. Members are read in place, so they must be stored uncompressed and
//! unencrypted, as `torch.save` stores them.
//!
//! Own code because the library for zip archives reserves memory by the number of members that a file declares,
//! before it has seen them. Layout: PKWARE's APPNOTE.TXT, sections 4.3.7 to 4.3.16.

use std::collections::HashMap;

use crate::error::CheckpointError;
use crate::stored::WeightFile;

const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
const END_64_LOCATOR: &[u8] = b"PK\x06\x07";
const END_64_LOCATOR_LENGTH: usize = 20;
const END_64: &[u8] = b"PK\x06\x06";
const END_64_LENGTH: u64 = 56;
const ENTRY: &[u8] = b"PK\x01\x02";
const ENTRY_LENGTH: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_LENGTH: u64 = 30;
const MOST_DIRECTORY: u64 = 64 << 20;

#[derive(Debug)]
pub(super) struct Archive {
    members: HashMap<String, Member>,
    directory_start: u64,
}

#[derive(Debug)]
struct Member {
    flags: u16,
    method: u16,
    stored_length: u64,
    length: u64,
    header: u64,
}

impl Archive {
    pub fn open(file: &WeightFile) -> Result<Self, CheckpointError> {
        let (directory_start, length, count) = directory(file)?;
        let bytes = file.bytes(directory_start, length)?;
        let damaged = |problem: &str| {
            CheckpointError::damaged(
                &file.path,
                format!("the archive's directory (byte {directory_start})"),
                problem,
            )
        };
        let mut members = HashMap::new();
        let mut rest = bytes.as_slice();
        for _ in 0..count {
            let Some((name, member, after)) = entry(rest) else {
                return Err(damaged("an entry is incomplete"));
            };
            let name = String::from_utf8(name.to_vec()).map_err(|_| damaged("a name is not UTF-8"))?;
            if members.insert(name, member).is_some() {
                return Err(damaged("two members have one name"));
            }
            rest = after;
        }
        if !rest.is_empty() {
            return Err(damaged("it is longer than its entries"));
        }
        Ok(Self { members, directory_start })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// First byte and length of a member's content.
    pub fn place(&self, file: &WeightFile, name: &str) -> Result<(u64, u64), CheckpointError> {
        let damaged =
            |problem: &str| CheckpointError::damaged(&file.path, format!("archive member {name}"), problem);
        let member = self.members.get(name).ok_or_else(|| damaged("it is missing"))?;
        if member.method != 0 || member.flags & 1 != 0 {
            let what = format!("its archive member {name} is compressed or encrypted");
            let remedy = "Take the file as torch.save wrote it, not packed again";
            return Err(CheckpointError::unsupported(&file.path, what, remedy));
        }
        if member.length != member.stored_length {
            return Err(damaged("two different lengths are declared"));
        }
        let header = file.bytes(member.header, LOCAL_LENGTH)?;
        if !header.starts_with(LOCAL) {
            return Err(damaged("its header is not where the directory says"));
        }
        let (name_length, extra_length) = (u64::from(u16_at(&header, 26)), u64::from(u16_at(&header, 28)));
        let name_at = member.header + LOCAL_LENGTH;
        if file.bytes(name_at, name_length)? != name.as_bytes() {
            return Err(damaged("its header has another name"));
        }
        let start = name_at + name_length + extra_length;
        if start.checked_add(member.length).is_none_or(|end| end > self.directory_start) {
            return Err(damaged(&format!("{} bytes do not fit before the directory", member.length)));
        }
        Ok((start, member.length))
    }
}

/// Start, length and number of entries of the directory, from the record at the end of the file.
fn directory(file: &WeightFile) -> Result<(u64, u64, u64), CheckpointError> {
    let tail_length = file.length.min((END_LENGTH + usize::from(u16::MAX) + END_64_LOCATOR_LENGTH) as u64);
    let tail_start = file.length - tail_length;
    let tail = file.bytes(tail_start, tail_length)?;
    let ends_here = |at: &usize| {
        let record = &tail[*at..];
        record.starts_with(END) && usize::from(u16_at(record, 20)) == record.len() - END_LENGTH
    };
    let Some(end) = (0..(tail.len() + 1).saturating_sub(END_LENGTH)).rev().find(ends_here) else {
        let problem = "the archive's directory is missing: the file is cut off or has something behind it";
        return Err(CheckpointError::damaged(&file.path, format!("byte {}", file.length), problem));
    };
    let record = &tail[end..];
    let mut count = u64::from(u16_at(record, 10));
    let mut length = u64::from(u32_at(record, 12));
    let mut start = u64::from(u32_at(record, 16));
    let locator = end.checked_sub(END_64_LOCATOR_LENGTH).map(|at| &tail[at..end]);
    if let Some(locator) = locator.filter(|locator| locator.starts_with(END_64_LOCATOR)) {
        let at = u64_at(locator, 8);
        let record = file.bytes(at, END_64_LENGTH)?;
        if !record.starts_with(END_64) {
            let problem = "the archive's long end record is not where its locator says";
            return Err(CheckpointError::damaged(&file.path, format!("byte {at}"), problem));
        }
        (count, length, start) = (u64_at(&record, 32), u64_at(&record, 40), u64_at(&record, 48));
    }
    let fits = start.checked_add(length).is_some_and(|stop| stop <= tail_start + end as u64);
    if !fits || length > MOST_DIRECTORY || count > length / ENTRY_LENGTH as u64 {
        let problem =
            format!("a directory of {count} entries and {length} bytes at byte {start} is impossible");
        return Err(CheckpointError::damaged(
            &file.path,
            format!("byte {}", tail_start + end as u64),
            problem,
        ));
    }
    Ok((start, length, count))
}

/// The first entry of `bytes`: its name, its member, and what follows.
fn entry(bytes: &[u8]) -> Option<(&[u8], Member, &[u8])> {
    let (fixed, rest) = bytes.split_at_checked(ENTRY_LENGTH)?;
    if !fixed.starts_with(ENTRY) {
        return None;
    }
    let (name, rest) = rest.split_at_checked(u16_at(fixed, 28).into())?;
    let (extra, rest) = rest.split_at_checked(u16_at(fixed, 30).into())?;
    let (_comment, rest) = rest.split_at_checked(u16_at(fixed, 32).into())?;
    let mut member = Member {
        flags: u16_at(fixed, 8),
        method: u16_at(fixed, 10),
        stored_length: u32_at(fixed, 20).into(),
        length: u32_at(fixed, 24).into(),
        header: u32_at(fixed, 42).into(),
    };
    // Values that do not fit in 32 bits are in extra field 1, in this order.
    let mut long = long_values(extra);
    for value in [&mut member.length, &mut member.stored_length, &mut member.header] {
        if *value == u64::from(u32::MAX) {
            *value = long.next()?;
        }
    }
    Some((name, member, rest))
}

fn long_values(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    const ZIP_64: u16 = 1;
    let mut content: &[u8] = &[];
    while let Some((header, rest)) = extra.split_at_checked(4) {
        let Some((field, rest)) = rest.split_at_checked(u16_at(header, 2).into()) else {
            break;
        };
        if u16_at(header, 0) == ZIP_64 {
            content = field;
            break;
        }
        extra = rest;
    }
    content.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

/// `N` bytes from `at`; every caller has made sure that they are there.
fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}
