//! What one import may cost. Everything beyond is refused by name, so that no file can hang the app or fill its memory.

/// One mebibyte.
const MIB: usize = 1024 * 1024;

/// Largest file that is read. A PubMed baseline file unpacks to less; callers check a file's size against it *before*
/// they load it.
pub const INPUT_BYTES: usize = 512 * MIB;
/// Most that a packed file (gzip, DOCX) may unpack to.
pub const UNPACKED_BYTES: usize = 512 * MIB;
/// Most that a packed file may grow once it is beyond [`EXPANSION_FLOOR`]. Text packs 3 to 30 times; bombs 1,000 times.
pub const EXPANSION_RATIO: usize = 200;
/// Below this size any expansion is harmless.
pub const EXPANSION_FLOOR: usize = 16 * MIB;
/// Most parts a DOCX file may have.
pub const ARCHIVE_PARTS: usize = 10_000;
/// Most lines of a text file.
pub const LINES: usize = 5_000_000;
/// Largest text of one document: a long book. More cannot be shown or annotated.
pub const DOCUMENT_BYTES: usize = 32 * MIB;
/// Most documents of one file.
pub const DOCUMENTS: usize = 1_000_000;
/// Most mentions and relations of one document.
pub const ANNOTATIONS: usize = 500_000;
/// Deepest nesting of XML elements in one record. (JSON is bounded at 128 by its parser.)
pub const XML_DEPTH: usize = 200;
/// Longest replacement text of an entity that an XML file declares itself.
pub const XML_ENTITY_BYTES: usize = 1024;
/// Most entities that an XML file may declare itself.
pub const XML_ENTITIES: usize = 1_000;
/// Most bytes that the entities of an XML file's own come to, all uses together.
pub const XML_EXPANDED_BYTES: usize = 16 * MIB;
/// Most bytes of memory that one JSON record may take.
pub const JSON_BYTES: usize = 768 * MIB;
/// Most mentions and relations of one file.
pub const FILE_ANNOTATIONS: usize = 2_000_000;
/// Most elements, attributes and stretches of text in one XML record: some hundred bytes of memory each. A book has
/// some hundred thousand.
pub const XML_NODES: usize = 3_000_000;
/// Largest PDF.
pub const PDF_BYTES: usize = 128 * MIB;
/// Most pages of a PDF.
pub const PDF_PAGES: usize = 5_000;
/// Issues listed one by one; the rest is counted.
pub const ISSUES: usize = 1_000;

/// The limits of one import. [`Limits::default`] gives the constants of this file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// See [`INPUT_BYTES`].
    pub input_bytes: usize,
    /// See [`UNPACKED_BYTES`].
    pub unpacked_bytes: usize,
    /// See [`EXPANSION_FLOOR`].
    pub expansion_floor: usize,
    /// See [`ARCHIVE_PARTS`].
    pub archive_parts: usize,
    /// See [`LINES`].
    pub lines: usize,
    /// See [`DOCUMENT_BYTES`].
    pub document_bytes: usize,
    /// See [`DOCUMENTS`].
    pub documents: usize,
    /// See [`ANNOTATIONS`].
    pub annotations: usize,
    /// See [`XML_DEPTH`].
    pub xml_depth: usize,
    /// See [`XML_EXPANDED_BYTES`].
    pub xml_expanded_bytes: usize,
    /// See [`XML_NODES`].
    pub xml_nodes: usize,
    /// See [`JSON_BYTES`].
    pub json_bytes: usize,
    /// See [`FILE_ANNOTATIONS`].
    pub file_annotations: usize,
    /// See [`PDF_BYTES`].
    pub pdf_bytes: usize,
    /// See [`PDF_PAGES`].
    pub pdf_pages: usize,
    /// See [`ISSUES`].
    pub issues: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            input_bytes: INPUT_BYTES,
            unpacked_bytes: UNPACKED_BYTES,
            expansion_floor: EXPANSION_FLOOR,
            archive_parts: ARCHIVE_PARTS,
            lines: LINES,
            document_bytes: DOCUMENT_BYTES,
            documents: DOCUMENTS,
            annotations: ANNOTATIONS,
            xml_depth: XML_DEPTH,
            xml_expanded_bytes: XML_EXPANDED_BYTES,
            xml_nodes: XML_NODES,
            json_bytes: JSON_BYTES,
            file_annotations: FILE_ANNOTATIONS,
            pdf_bytes: PDF_BYTES,
            pdf_pages: PDF_PAGES,
            issues: ISSUES,
        }
    }
}

impl Limits {
    /// Most bytes that `packed` bytes may unpack to.
    #[must_use]
    pub fn expansion(&self, packed: usize) -> usize {
        packed.saturating_mul(EXPANSION_RATIO).max(self.expansion_floor).min(self.unpacked_bytes)
    }
}
