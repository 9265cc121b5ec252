//! Sequences that are decoded in one batch.

use std::ops::ControlFlow;

use biogpt::decode::{Choice, Continuation, DecodingBatch, Rules};
use biogpt::model::WeightType;
use biogpt::{Config, Decoder, Network};
use burn::module::Module;
use burn::tensor::Device;

use crate::networks::{Numbers, Times};

/// Sequences that join and leave a batch are to the bit what they are alone, whatever is drafted, and what has read a prompt
/// there scores as what has read it alone.
#[test]
fn texts_side_by_side_are_what_they_are_alone() {
    let config = Config { max_positions: 700, learned_prompt: 3, tied_head: false, ..Config::tiny() };
    let network = Network::init(&config, 5, &Device::flex())
        .map(&mut Times(1.8))
        .quantize(WeightType::Q8.bits().unwrap());
    let decoder = Decoder::new(&network, &config);
    assert!(decoder.max_batch() > 1);
    let mut numbers = Numbers(9);
    let texts: Vec<_> = [1, 300, 7, 40, 259, 33, 12, 90].map(|length| numbers.text(length)).to_vec();
    let grammars: Vec<_> = texts.iter().map(|_| numbers.grammar()).collect();
    let go_on = |_: usize, _: &_| ControlFlow::Continue(());
    for lookup_tokens in [0, 4] {
        let rules = Rules { max_length: 420, alternatives: 2, lookup_tokens, ..Rules::default() };
        let mut writing = DecodingBatch::of(3);
        let mut waiting = texts.iter().zip(&grammars);
        let mut found: Vec<_> = texts.iter().map(|_| None).collect();
        while found.iter().any(Option::is_none) {
            while writing.has_room()
                && let Some((text, grammar)) = waiting.next()
            {
                decoder.join(&mut writing, text, &rules, grammar).unwrap();
            }
            for ended in decoder.step(&mut writing, &rules, &Choice::Greedy, go_on).unwrap() {
                let number = ended.number;
                found[number] = Some(ended);
            }
        }
        for ((text, grammar), beside) in texts.iter().zip(&grammars).zip(found) {
            let (mut alone, plain) = (DecodingBatch::of(1), Rules { lookup_tokens: 0, ..rules.clone() });
            decoder.join(&mut alone, text, &plain, grammar).unwrap();
            let alone = loop {
                if let Some(ended) = decoder.step(&mut alone, &plain, &Choice::Greedy, go_on).unwrap().pop() {
                    break ended;
                }
            };
            let beside = beside.unwrap();
            assert_eq!(beside.generated, alone.generated);
            assert!(!beside.generated.tokens.is_empty());
            let mut reader = decoder.reader();
            reader.read(&decoder, text).unwrap();
            let [beside, alone] = [beside, alone].map(|ended| ended.reader.unwrap());
            assert_eq!(beside.tokens(), text);
            let wanted = decoder.score(&reader, &[Continuation::whole(&[7, 8, 9])]);
            assert_eq!(decoder.score(&beside, &[Continuation::whole(&[7, 8, 9])]), wanted);
            assert_eq!(decoder.score(&alone, &[Continuation::whole(&[7, 8, 9])]), wanted);
        }
    }
}
