//! The three forms of an encoder's tokenizer on disk.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use tokenizers::decoders::wordpiece::WordPiece as WordPieceDecoder;
use tokenizers::models::bpe::BPE;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::processors::roberta::RobertaProcessing;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, Tokenizer};

use super::{BertTokenizer, allowed};
use crate::Error;

/// Everything in one file: also what [`BertTokenizer::save`] writes.
pub const FILE: &str = "tokenizer.json";
const WORDS: &str = "vocab.txt";
const TOKENS: &str = "vocab.json";
const MERGES: &str = "merges.txt";
const SETTINGS: &str = "tokenizer_config.json";
const SPECIAL: &str = "special_tokens_map.json";
const ADDED: &str = "added_tokens.json";

/// The most bytes of a file: real ones have at most four million.
const MOST_BYTES: u64 = 32 << 20;
/// The most tokens, as the configuration allows.
const MOST_TOKENS: usize = 1 << 20;

pub(super) fn malformed(path: &Path, place: &str, problem: &str) -> Error {
    Error::Malformed { path: path.to_owned(), place: place.to_owned(), problem: problem.to_owned() }
}

/// Reads the first form found in the folder.
pub(super) fn read(dir: &Path) -> Result<BertTokenizer, Error> {
    let has = |name: &str| dir.join(name).is_file();
    let settings = Settings::read(dir)?;
    if has(FILE) {
        return whole(dir, &settings);
    }
    if has(WORDS) {
        return word_piece(dir, &settings);
    }
    if has(TOKENS) && has(MERGES) {
        return byte_level(dir, &settings);
    }
    Err(Error::NoBertTokenizer { dir: dir.to_owned() })
}

/// The files that belong to a vocabulary.
struct Settings {
    config: Map<String, Value>,
    special: Map<String, Value>,
    /// Tokens beyond the vocabulary by id, from either file that may name them.
    added: BTreeMap<u32, AddedToken>,
    /// The file that they were read from last.
    added_in: PathBuf,
}

impl Settings {
    fn read(dir: &Path) -> Result<Self, Error> {
        let optional = |name: &str| {
            let path = dir.join(name);
            if path.is_file() { object(&path) } else { Ok(Map::new()) }
        };
        let (config, special, old) = (optional(SETTINGS)?, optional(SPECIAL)?, optional(ADDED)?);
        let (mut added, mut added_in) = (BTreeMap::new(), dir.join(ADDED));
        for (content, id) in old {
            let number = id.as_u64().and_then(|id| u32::try_from(id).ok());
            let Some(id) = number else {
                return Err(malformed(&dir.join(ADDED), &format!("{content:.40?}"), "its id is no number"));
            };
            added.insert(id, AddedToken::from(content, false));
        }
        if let Some(decoder) = config.get("added_tokens_decoder").and_then(Value::as_object) {
            added_in = dir.join(SETTINGS);
            for (id, token) in decoder {
                let (number, token) = (id.parse::<u32>(), added_token(token));
                let (Ok(id), Some(token)) = (number, token) else {
                    let place = format!("`added_tokens_decoder`, {id:.40?}");
                    return Err(malformed(&dir.join(SETTINGS), &place, "it is no token with a number"));
                };
                added.insert(id, token);
            }
        }
        Ok(Self { config, special, added, added_in })
    }

    fn flag(&self, name: &str, default: bool) -> bool {
        self.config.get(name).and_then(Value::as_bool).unwrap_or(default)
    }

    /// The special token that a role has, `default` where no file says.
    fn special(&self, role: &str, default: &str) -> AddedToken {
        let found = [&self.config, &self.special].into_iter().find_map(|file| added_token(file.get(role)?));
        let mut token = found.unwrap_or_else(|| AddedToken::from(default, true));
        (token.special, token.normalized) = (true, false);
        token
    }
}

/// A token as the settings write it: its text, or an object.
fn added_token(value: &Value) -> Option<AddedToken> {
    let content = value.as_str().or_else(|| value["content"].as_str())?;
    let flag = |name: &str| value[name].as_bool().unwrap_or(false);
    let mut token = AddedToken::from(content, flag("special"));
    token = token.single_word(flag("single_word")).lstrip(flag("lstrip")).rstrip(flag("rstrip"));
    Some(token.normalized(value["normalized"].as_bool().unwrap_or(!flag("special"))))
}

/// `tokenizer.json`.
fn whole(dir: &Path, settings: &Settings) -> Result<BertTokenizer, Error> {
    let path = dir.join(FILE);
    let text = text(&path)?;
    let mut json: Value =
        serde_json::from_str(&text).map_err(|e| malformed(&path, "JSON", &e.to_string()))?;
    if let Some((place, problem)) = allowed::refused(&json) {
        return Err(malformed(&path, &place, &problem));
    }
    let Some(file) = json.as_object_mut() else {
        return Err(malformed(&path, "JSON", "it is no object"));
    };
    // Texts are cut and filled up here, as each request needs.
    file.remove("truncation");
    file.remove("padding");
    let bytes = serde_json::to_vec(&json).map_err(|e| malformed(&path, "JSON", &e.to_string()))?;
    let inner = Tokenizer::from_bytes(bytes).map_err(|e| malformed(&path, "tokenizer", &e.to_string()))?;
    let bpe = matches!(inner.get_model(), tokenizers::ModelWrapper::BPE(_));
    let default = |word_piece, byte_level| if bpe { byte_level } else { word_piece };
    finish(
        &path,
        inner,
        &settings.special("pad_token", default("[PAD]", "<pad>")),
        &settings.special("mask_token", default("[MASK]", "<mask>")),
        &settings.special("unk_token", default("[UNK]", "<unk>")),
    )
}

/// `vocab.txt`: one token a line, the id is the line's number from 0.
fn word_piece(dir: &Path, settings: &Settings) -> Result<BertTokenizer, Error> {
    let path = dir.join(WORDS);
    let text = text(&path)?;
    let lines = text.strip_suffix('\n').unwrap_or(&text).split('\n');
    let tokens: Vec<String> = lines.map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned()).collect();
    of_tokens(&path, tokens, settings)
}

/// A WordPiece tokenizer of tokens in memory, with the usual special ones.
pub(super) fn of_words(tokens: Vec<String>) -> Result<BertTokenizer, Error> {
    let settings = Settings {
        config: Map::new(),
        special: Map::new(),
        added: BTreeMap::new(),
        added_in: PathBuf::new(),
    };
    of_tokens(Path::new(WORDS), tokens, &settings)
}

fn of_tokens(path: &Path, tokens: Vec<String>, settings: &Settings) -> Result<BertTokenizer, Error> {
    let ids = numbered(path, tokens)?;
    let role = |role: &str, default: &str| settings.special(role, default);
    let (padding, unknown) = (role("pad_token", "[PAD]"), role("unk_token", "[UNK]"));
    let (start, end, mask) =
        (role("cls_token", "[CLS]"), role("sep_token", "[SEP]"), role("mask_token", "[MASK]"));
    let id = |token: &AddedToken| {
        let missing = || {
            let problem = "the vocabulary has no such token. Take tokenizer_config.json from the same place";
            malformed(path, &format!("{:.40?}", token.content), problem)
        };
        ids.get(&token.content).copied().ok_or_else(missing)
    };
    let specials = vec![(start.content.clone(), id(&start)?), (end.content.clone(), id(&end)?)];
    for token in [&padding, &unknown] {
        id(token)?;
    }
    let count = ids.len();
    let model = WordPiece::builder().vocab(ids).unk_token(unknown.content.clone()).build();
    let mut inner = Tokenizer::new(model.map_err(|e| malformed(path, "vocabulary", &e.to_string()))?);
    let accents = settings.config.get("strip_accents").and_then(Value::as_bool);
    let chinese = settings.flag("tokenize_chinese_chars", true);
    let lower = settings.flag("do_lower_case", true);
    let wrong = |e: tokenizers::Error| malformed(path, "vocabulary", &e.to_string());
    inner.with_normalizer(Some(BertNormalizer::new(true, chinese, accents, lower))).map_err(wrong)?;
    inner.with_pre_tokenizer(Some(BertPreTokenizer));
    inner.with_decoder(Some(WordPieceDecoder::default()));
    add(&mut inner, path, [&padding, &unknown, &start, &end, &mask], settings, count)?;
    let [start, end] = [&start.content, &end.content];
    let template = TemplateProcessing::builder()
        .try_single(format!("{start}:0 $A:0 {end}:0"))
        .and_then(|builder| builder.try_pair(format!("{start}:0 $A:0 {end}:0 $B:1 {end}:1")))
        .map_err(|problem| malformed(path, "special tokens", &problem))?
        .special_tokens(specials)
        .build()
        .map_err(|problem| malformed(path, "special tokens", &problem.to_string()))?;
    inner.with_post_processor(Some(template));
    finish(path, inner, &padding, &mask, &unknown)
}

/// `vocab.json` and `merges.txt`.
fn byte_level(dir: &Path, settings: &Settings) -> Result<BertTokenizer, Error> {
    let (path, merges) = (dir.join(TOKENS), dir.join(MERGES));
    let mut tokens = HashMap::new();
    for (token, id) in object(&path)? {
        let number = id.as_u64().filter(|id| *id < MOST_TOKENS as u64);
        let Some(id) = number else {
            return Err(malformed(&path, &format!("{token:.40?}"), "its id is no number of a token"));
        };
        tokens.insert(token, id as u32);
    }
    let mut pairs = Vec::new();
    for (number, line) in text(&merges)?.lines().enumerate() {
        if line.starts_with("#version") || line.is_empty() {
            continue;
        }
        let problem = |problem: &str| malformed(&merges, &format!("line {}", number + 1), problem);
        let Some((left, right)) = line.split_once(' ').filter(|(_, right)| !right.contains(' ')) else {
            return Err(problem("a merge is two symbols with a blank between"));
        };
        if let Some(symbol) =
            [left, right, &format!("{left}{right}")].into_iter().find(|s| !tokens.contains_key(*s))
        {
            return Err(problem(&format!("{symbol:.40?} is not in vocab.json")));
        }
        pairs.push((left.to_owned(), right.to_owned()));
    }
    let role = |role: &str, default: &str| settings.special(role, default);
    let (padding, unknown, mask) =
        (role("pad_token", "<pad>"), role("unk_token", "<unk>"), role("mask_token", "<mask>"));
    let (start, end) = (role("cls_token", "<s>"), role("sep_token", "</s>"));
    let id = |token: &AddedToken| {
        let added = settings.added.iter().find(|(_, added)| added.content == token.content);
        let missing =
            || malformed(&path, &format!("{:.40?}", token.content), "the vocabulary has no such token");
        tokens.get(&token.content).or(added.map(|(id, _)| id)).copied().ok_or_else(missing)
    };
    let processing =
        RobertaProcessing::new((end.content.clone(), id(&end)?), (start.content.clone(), id(&start)?));
    for token in [&padding, &unknown] {
        id(token)?;
    }
    let prefix = settings.flag("add_prefix_space", false);
    let count = tokens.len();
    let vocabulary: tokenizers::models::bpe::Vocab = tokens.into_iter().collect();
    // Bytes outside of a damaged alphabet would vanish without an unknown token.
    let model = BPE::builder().vocab_and_merges(vocabulary, pairs).unk_token(unknown.content.clone()).build();
    let mut inner = Tokenizer::new(model.map_err(|e| malformed(&merges, "merges", &e.to_string()))?);
    inner.with_pre_tokenizer(Some(ByteLevel::default().add_prefix_space(prefix)));
    inner.with_decoder(Some(ByteLevel::default()));
    add(&mut inner, &path, [&padding, &unknown, &start, &end, &mask], settings, count)?;
    let trim = settings.flag("trim_offsets", true);
    inner.with_post_processor(Some(processing.trim_offsets(trim).add_prefix_space(prefix)));
    finish(&path, inner, &padding, &mask, &unknown)
}

/// Special tokens, and those beyond the vocabulary, which must follow it without a gap.
fn add(
    inner: &mut Tokenizer,
    path: &Path,
    specials: [&AddedToken; 5],
    settings: &Settings,
    count: usize,
) -> Result<(), Error> {
    let wrong = |e: tokenizers::Error| malformed(path, "added tokens", &e.to_string());
    let known = specials.into_iter().filter(|token| inner.token_to_id(&token.content).is_some());
    let known: Vec<AddedToken> = known.cloned().collect();
    inner.add_special_tokens(known).map_err(wrong)?;
    let mut next = count as u32;
    for (id, token) in &settings.added {
        if (*id as usize) < count {
            continue;
        }
        if *id != next {
            let problem = format!("it has the id {id}, but the next one is {next}");
            return Err(malformed(
                &settings.added_in,
                &format!("added token {:.40?}", token.content),
                &problem,
            ));
        }
        let special = token.special || specials.iter().any(|special| special.content == token.content);
        let tokens = [token.clone()];
        if special { inner.add_special_tokens(tokens) } else { inner.add_tokens(tokens) }.map_err(wrong)?;
        next += 1;
    }
    Ok(())
}

/// Holds what every tokenizer must have.
fn finish(
    path: &Path,
    inner: Tokenizer,
    padding: &AddedToken,
    mask: &AddedToken,
    unknown: &AddedToken,
) -> Result<BertTokenizer, Error> {
    let need = |token: &AddedToken| {
        let missing =
            || malformed(path, &format!("{:.40?}", token.content), "the vocabulary has no such token");
        inner.token_to_id(&token.content).ok_or_else(missing)
    };
    let (padding, _) = (need(padding)?, need(unknown)?);
    let mask = inner.token_to_id(&mask.content);
    let size = inner.get_vocab_size(true);
    if size > MOST_TOKENS {
        return Err(malformed(path, "vocabulary", &format!("{size} tokens are over {MOST_TOKENS}")));
    }
    let tokenizer = BertTokenizer { inner, path: path.to_owned(), padding, mask, size };
    // A post-processor that names ids which do not exist, or none at all, shows on any text.
    let sample = tokenizer.encode("a", Some("a"), None)?;
    let special = sample.sources.iter().filter(|source| source.is_none()).count();
    if special < 3 || sample.sources.first() != Some(&None) || sample.sources.last() != Some(&None) {
        return Err(malformed(path, "post_processor", "it puts no special tokens around a text"));
    }
    match sample.ids.iter().find(|id| tokenizer.token(**id).is_none()) {
        Some(id) => Err(malformed(path, "post_processor", &format!("no token has the id {id}"))),
        None => Ok(tokenizer),
    }
}

/// Tokens by their number in the file.
fn numbered(path: &Path, tokens: Vec<String>) -> Result<tokenizers::models::bpe::Vocab, Error> {
    let mut ids = tokenizers::models::bpe::Vocab::default();
    for (number, token) in tokens.into_iter().enumerate() {
        let place = format!("line {}", number + 1);
        if token.is_empty() {
            return Err(malformed(path, &place, "it is empty, and each line is a token"));
        }
        if let Some(before) = ids.get(&token) {
            let problem = format!("the token {token:.40?} is that of line {} too", before + 1);
            return Err(malformed(path, &place, &problem));
        }
        ids.insert(token, number as u32);
    }
    Ok(ids)
}

fn object(path: &Path) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(&text(path)?).map_err(|error| malformed(path, "JSON", &error.to_string()))
}

/// A text file of bounded length.
fn text(path: &Path) -> Result<String, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(malformed(path, "length", &format!("more than {MOST_BYTES} bytes are no vocabulary")));
    }
    String::from_utf8(bytes).map_err(|error| {
        malformed(path, &format!("byte {}", error.utf8_error().valid_up_to()), "it is not UTF-8 text")
    })
}
