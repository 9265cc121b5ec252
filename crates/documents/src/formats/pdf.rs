//! PDF text, by the `pdf-extract` crate: it follows the order of the content, which keeps the columns of articles
//! apart, but for those that are drawn line by line ([`columns`]). That crate panics on damaged files and follows loops
//! for ever, so files are checked first ([`guard`]) and each page is read behind a `catch_unwind`, on a thread with a
//! deep stack.

mod columns;
mod encryption;
mod filters;
mod guard;
mod reflow;
mod title;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use columns::Page as PageText;
use pdf_extract::{Document as PdfDocument, output_doc_page};

use super::ReadError;
use super::import::Intake;
use crate::Document;

/// The name of the thread that reads. What panics there is caught and becomes an issue, or an error.
pub(super) const THREAD: &str = "pdf";
/// Stack of the reading thread, in bytes: font programs are parsed recursively.
const STACK: usize = 256 * 1024 * 1024;

/// What became of a page.
enum Page {
    Text(String),
    Bad,
}

/// Reads the pages; one that cannot be read is an issue.
pub(super) fn read(bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), ReadError> {
    if bytes.len() > intake.limits.pdf_bytes {
        return Err(ReadError::TooLarge { file: intake.file(), limit: intake.limits.pdf_bytes });
    }
    let limit = intake.limits.expansion(bytes.len());
    if !guard::unpacks_within(bytes, limit) {
        return Err(ReadError::Expands { file: intake.file(), limit });
    }
    let most = intake.limits.pdf_pages;
    let read =
        || catch_unwind(|| pages(bytes, most, limit)).unwrap_or_else(|_| Err("it is damaged".to_owned()));
    let pages = std::thread::scope(|scope| {
        let thread =
            std::thread::Builder::new().name(THREAD.to_owned()).stack_size(STACK).spawn_scoped(scope, read);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(pages)) => pages,
            Ok(Err(_)) => Err("it is damaged".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    });
    let (pages, declared) = pages.map_err(|problem| ReadError::Pdf { file: intake.file(), problem })?;
    let mut texts = Vec::with_capacity(pages.len());
    let mut empty: Vec<u32> = Vec::new();
    for (number, page) in (1u32..).zip(pages) {
        match page {
            Page::Text(text) => {
                if !text.contains(char::is_alphanumeric) {
                    empty.push(number);
                }
                texts.push(text);
            }
            Page::Bad => intake.issue(
                format!("page {number}"),
                "The page cannot be read.",
                "Save the PDF again from a viewer (\"print to PDF\"), or copy the page's text.",
            ),
        }
    }
    let count = texts.len();
    let (paragraphs, running) = reflow::paragraphs(&texts);
    intake.left_out("running headers and footers", running);
    let mut document = Document { id: intake.stem().to_owned(), ..Document::default() };
    let title = declared.and_then(|declared| title::place(&declared, &paragraphs));
    for (number, paragraph) in paragraphs.iter().enumerate() {
        match &title {
            Some((place, bytes)) if *place == number => {
                let part = |bytes: Range<usize>| paragraph.get(bytes).unwrap_or_default().trim();
                document.push_passage("body", part(0..bytes.start));
                document.push_passage("title", part(bytes.clone()));
                document.push_passage("body", part(bytes.end..paragraph.len()));
            }
            _ => drop(document.push_passage("body", paragraph)),
        }
    }
    if document.text.is_empty() {
        return Err(ReadError::NoTextInPdf { file: intake.file() });
    }
    for number in empty.iter().filter(|_| empty.len() < count) {
        let message = "The page holds no text: it is empty, or a scanned image.";
        intake.issue(
            format!("page {number}"),
            message,
            "Run text recognition (OCR) on it if it is an image.",
        );
    }
    intake.document(document, "the document");
    Ok(())
}

/// The pages, and the title that the file declares.
fn pages(bytes: &[u8], most: usize, limit: usize) -> Result<(Vec<Page>, Option<String>), String> {
    let pdf = if encryption::is_encrypted(bytes) {
        let hidden = encryption::hidden(bytes).ok_or("it is encrypted, and hides how")?;
        let mut pdf = PdfDocument::load_mem(&hidden)
            .map_err(|error| format!("it is encrypted in a way that is not known ({error})"))?;
        if pdf.trailer.get(b"Encrypt").is_ok() && (!pdf.is_encrypted() || pdf.decrypt("").is_err()) {
            return Err("it is protected by a password".to_owned());
        }
        encryption::restore(&mut pdf);
        guard::check_streams(&pdf, limit)?;
        encryption::open_object_streams(&mut pdf);
        pdf
    } else {
        let pdf = PdfDocument::load_mem(bytes).map_err(|error| error.to_string())?;
        guard::check_streams(&pdf, limit)?;
        pdf
    };
    let count = pdf.get_pages().len();
    if count > most {
        return Err(format!("it has {count} pages, more than {most}"));
    }
    guard::check(&pdf)?;
    let page = |number: u32| {
        let read = catch_unwind(AssertUnwindSafe(|| {
            let mut page = PageText::new();
            output_doc_page(&pdf, &mut page, number).ok().map(|()| page.text())
        }));
        read.ok().flatten().map_or(Page::Bad, Page::Text)
    };
    Ok(((1..=u32::try_from(count).unwrap_or(u32::MAX)).map(page).collect(), title::declared(&pdf)))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use crate::formats::{Format, ReadError, ReadOptions, read, read_with};
    use crate::limits::Limits;

    /// A PDF of the given objects (numbered from 1), the first of which is the catalogue.
    pub(super) fn pdf(objects: &[String]) -> Vec<u8> {
        let mut text = "%PDF-1.4\n".to_owned();
        let mut places = Vec::new();
        for (number, object) in (1..).zip(objects) {
            places.push(text.len());
            let _ = writeln!(text, "{number} 0 obj\n{object}\nendobj");
        }
        let start = text.len();
        let _ = writeln!(text, "xref\n0 {}\n0000000000 65535 f ", objects.len() + 1);
        for place in places {
            let _ = writeln!(text, "{place:010} 00000 n ");
        }
        let _ = writeln!(
            text,
            "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF",
            objects.len() + 1
        );
        text.into_bytes()
    }

    pub(super) fn stream(dictionary: &str, content: &str) -> String {
        format!("<< {dictionary} /Length {} >>\nstream\n{content}\nendstream", content.len())
    }

    pub(super) fn page(content: &str, resources: &str) -> Vec<String> {
        vec![
            "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> {resources} >> >>"
            ),
            stream("", content),
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        ]
    }

    #[test]
    fn reads_text_and_says_where_there_is_none() {
        let bytes = pdf(&page("BT /F1 12 Tf 72 700 Td (Aspirin reduces fever.) Tj ET", ""));
        let import = read(&bytes, "a.pdf").unwrap();
        assert_eq!(
            (import.format, import.documents[0].text.as_str()),
            (Format::Pdf, "Aspirin reduces fever.")
        );
        let bytes = pdf(&page("0 0 10 10 re f", ""));
        let error = read(&bytes, "scan.pdf").unwrap_err();
        assert!(error.to_string().starts_with("There is no text in this PDF (scan.pdf)"), "{error}");
    }

    #[test]
    fn refuses_damaged_and_large_files() {
        assert!(matches!(read(b"%PDF-1.4\nnothing", "a.pdf"), Err(ReadError::Pdf { .. })));
        let bytes = pdf(&page("BT /F1 12 Tf (x) Tj ET", ""));
        let options =
            ReadOptions { limits: Limits { pdf_bytes: 100, ..Limits::default() }, ..ReadOptions::default() };
        assert!(matches!(read_with(&bytes, "a.pdf", &options), Err(ReadError::TooLarge { .. })));
    }

    #[test]
    fn a_page_that_makes_the_parser_panic_is_an_issue() {
        // The operator lacks its operands.
        let mut objects = page("BT /F1 12 Tf (Sound) Tj ET", "");
        objects[1] = "<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 >>".to_owned();
        objects.push(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 7 0 R /Resources << >> >>".to_owned(),
        );
        objects.push(stream("", "1 0 cm"));
        let import = read(&pdf(&objects), "a.pdf").unwrap();
        assert_eq!(import.documents[0].text, "Sound");
        assert_eq!(import.issues[0].place, "page 2");
    }
}
