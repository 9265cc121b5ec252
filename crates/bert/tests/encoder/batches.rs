//! What a text gives does not depend on the texts beside it.

use bert::model::WeightType;
use bert::{Model, Tokens};
use burn::tensor::Device;

use crate::reference::{fixtures, models};

#[test]
fn texts_side_by_side_give_the_same_bits_with_quantized_weights() {
    for reference in fixtures() {
        let form = &reference.forms()[0];
        let model = Model::load(form, &Device::flex()).unwrap().quantize(WeightType::Q8);
        let texts: Vec<Tokens> = reference.cases.iter().map(|case| case.tokens()).collect();
        let together = model.logits(&texts).unwrap();
        assert_eq!(together.len(), texts.len());
        for (text, found) in texts.iter().zip(together) {
            assert!(model.logits(&[*text]).unwrap()[0] == found, "{}", reference.name());
        }
    }
}

#[test]
fn texts_side_by_side_give_the_same_but_for_the_order_of_sums_with_floats() {
    for reference in models() {
        let model = Model::load(&reference.forms()[0], &Device::flex()).unwrap();
        let texts: Vec<Tokens> = reference.cases.iter().map(|case| case.tokens()).collect();
        for some in texts.chunks(7) {
            for (text, found) in some.iter().zip(model.logits(some).unwrap()) {
                let single = &model.logits(&[*text]).unwrap()[0];
                let off = crate::reference::largest_difference(single, &found);
                assert!(off < 1e-5, "{}: {off}", reference.name());
            }
        }
    }
}
