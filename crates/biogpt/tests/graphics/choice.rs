//! The choice among tokens on a graphics device is that on the processor.

use std::ops::ControlFlow;

use biogpt::Decoder;
use biogpt::decode::{
    BeamSearch, Choice, Continuation, DecodeError, Free, Hypothesis, Progress, Rules, Sampling,
};
use burn::module::Module;

use crate::device;
use crate::networks::{CLOSE, Numbers, Times, assert_same, generate, network};

const fn sampled(temperature: f32, top_k: usize, top_p: f32) -> Choice {
    Choice::Sampled(Sampling { temperature, top_k, top_p, seed: 11 })
}

#[test]
fn tokens_and_what_is_told_of_them_are_those_of_the_processor() {
    let Some(graphics) = device() else { return };
    let choices = [Choice::Greedy, sampled(1.0, 0, 1.0), sampled(0.7, 20, 1.0), sampled(1.3, 60, 0.8)];
    let plain = Rules { max_length: 48, ..Rules::default() };
    let rules = [
        plain.clone(),
        Rules { min_length: 40, alternatives: 4, repetition_penalty: 1.3, ..plain.clone() },
        Rules { no_repeat_ngram: 2, ..plain.clone() },
    ];
    for seed in 0..2 {
        let (config, network) = network(seed);
        let moved = network.clone().to_device(graphics);
        let decoders = [Decoder::new(&network, &config), Decoder::new(&moved, &config)];
        let mut numbers = Numbers(seed);
        let (text, grammar) = (numbers.text(12), numbers.grammar());
        for rules in &rules {
            for choice in &choices {
                let [a, b] = decoders.each_ref().map(|d| generate(d, &text, rules, choice, Free).unwrap());
                assert_same(&b.tokens, &a.tokens, &format!("{rules:?} {choice:?}"));
            }
            let [a, b] = decoders.each_ref().map(|decoder| beams(decoder, &text, rules));
            assert_eq!(a.len(), b.len());
            for (a, b) in a.iter().zip(&b) {
                assert_same(&b.tokens, &a.tokens, &format!("{rules:?} beams"));
                assert!((a.score - b.score).abs() < CLOSE);
            }
        }
        for choice in &choices {
            let [a, b] = decoders.each_ref().map(|d| generate(d, &text, &plain, choice, &grammar).unwrap());
            assert_same(&b.tokens, &a.tokens, "grammar");
        }
        let parts: Vec<Vec<u32>> = (1..5).map(|length| numbers.text(length)[1..].to_vec()).collect();
        let [a, b] = decoders.each_ref().map(|decoder| {
            let mut reader = decoder.reader();
            reader.read(decoder, &text).unwrap();
            let parts: Vec<_> = parts.iter().map(|part| Continuation::whole(part)).collect();
            decoder.score(&reader, &parts).unwrap()
        });
        assert_eq!(a.iter().map(Vec::len).collect::<Vec<_>>(), b.iter().map(Vec::len).collect::<Vec<_>>());
        for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
            assert!((a - b).abs() < CLOSE, "{a} {b}");
        }
    }
}

fn beams(decoder: &Decoder, text: &[u32], rules: &Rules) -> Vec<Hypothesis> {
    let mut reader = decoder.reader();
    reader.read(decoder, text).unwrap();
    let go_on = |_: Progress| ControlFlow::Continue(());
    decoder.beam_search(&reader, rules, &BeamSearch::default(), &Free, go_on).unwrap()
}

/// How often the processor draws what is tested there.
#[test]
fn draws_are_those_of_the_processor() {
    let Some(graphics) = device() else { return };
    let (config, network) = network(2);
    let moved = network.clone().to_device(graphics);
    let text = Numbers(2).text(9);
    for choice in [sampled(0.9, 12, 0.95), sampled(1.0, 0, 1.0), sampled(2.0, 0, 0.5)] {
        let [a, b] = [&network, &moved].map(|network| {
            let decoder = Decoder::new(network, &config).with_every_token();
            let mut reader = decoder.reader();
            reader.read(&decoder, &text).unwrap();
            let stop = |_: usize, _: &_| ControlFlow::Break(());
            let found =
                decoder.generate(reader.prompts(400).unwrap(), &Rules::default(), &choice, &[Free], stop);
            found.unwrap().iter().map(|found| found.tokens[0].id).collect::<Vec<u32>>()
        });
        // A number may fall between the sums of one and the other.
        let other = a.iter().zip(&b).filter(|(a, b)| a != b).count();
        assert!(other <= 1, "{choice:?}: {other} of 400");
    }
}

#[test]
fn damaged_weights_are_an_error() {
    let Some(graphics) = device() else { return };
    let (config, network) = network(0);
    let network = network.map(&mut Times(f32::NAN)).to_device(graphics);
    let decoder = Decoder::new(&network, &config);
    for choice in [Choice::Greedy, sampled(0.7, 20, 0.9)] {
        let found = generate(&decoder, &[2, 5], &Rules::default(), &choice, Free).unwrap_err();
        assert_eq!(found, DecodeError::NotANumber, "{choice:?}");
    }
    let mut reader = decoder.reader();
    reader.read(&decoder, &[2, 5]).unwrap();
    assert_eq!(decoder.score(&reader, &[Continuation::whole(&[5, 6])]), Err(DecodeError::NotANumber));
}
