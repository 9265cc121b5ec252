//! Gzip is looked through, with a bound on what it may unpack to.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::import::Intake;
use super::{Notice, ReadError};

/// The two bytes every gzip file begins with.
pub(crate) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The bytes themselves, or what they unpack to (also where packed twice).
pub(super) fn look_through<'b>(bytes: &'b [u8], intake: &mut Intake<'_>) -> Result<Cow<'b, [u8]>, ReadError> {
    let mut bytes = Cow::Borrowed(bytes);
    let mut layers = 0;
    while bytes.starts_with(&MAGIC) {
        layers += 1;
        if layers > 2 {
            let problem = "it is packed more than twice".to_owned();
            return Err(ReadError::Archive { file: intake.file(), problem });
        }
        let limit = intake.limits.expansion(bytes.len());
        let mut unpacked = Vec::new();
        let read = MultiGzDecoder::new(&*bytes).take(limit as u64 + 1).read_to_end(&mut unpacked);
        if unpacked.len() > limit {
            return Err(ReadError::Expands { file: intake.file(), limit });
        }
        if let Err(error) = read {
            if unpacked.is_empty() {
                return Err(ReadError::Archive { file: intake.file(), problem: error.to_string() });
            }
            let message = format!("The packed data break off ({error}); what came before was read.");
            intake.issue("the end of the file", message, "Fetch the file again: the copy may be incomplete.");
        }
        intake.notice(Notice::Gzip);
        bytes = Cow::Owned(unpacked);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::limits::Limits;

    fn pack(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn unpacks_one_and_two_layers() {
        let limits = Limits::default();
        let mut intake = Intake::new("a.gz", &limits);
        let twice = pack(&pack(b"Aspirin."));
        assert_eq!(&*look_through(&twice, &mut intake).unwrap(), b"Aspirin.");
        let thrice = pack(&twice);
        assert!(matches!(look_through(&thrice, &mut intake), Err(ReadError::Archive { .. })));
    }

    #[test]
    fn refuses_a_bomb_before_it_is_unpacked() {
        let limits = Limits { expansion_floor: 1000, ..Limits::default() };
        let mut intake = Intake::new("bomb.gz", &limits);
        let bomb = pack(&vec![b' '; 1_000_000]);
        let error = look_through(&bomb, &mut intake).unwrap_err();
        assert!(matches!(error, ReadError::Expands { limit, .. } if limit < 1_000_000));
    }

    #[test]
    fn keeps_what_a_cut_file_holds() {
        let limits = Limits::default();
        let mut intake = Intake::new("cut.gz", &limits);
        let text: Vec<u8> =
            (0..20_000u32).flat_map(|n| format!("{} ", n * 7919 % 10_007).into_bytes()).collect();
        let packed = pack(&text);
        let read = look_through(&packed[..packed.len() / 2], &mut intake).unwrap().into_owned();
        assert!(!read.is_empty() && text.starts_with(&read));
        let import_issues = intake.finish(crate::formats::Format::PlainText).unwrap_err();
        assert!(import_issues.to_string().contains("break off"), "{import_issues}");
    }
}
