use serde_json::json;

use super::*;

fn published() -> Map<String, Value> {
    let config = json!({
        "architectures": ["BertForTokenClassification"],
        "model_type": "bert",
        "vocab_size": 64,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 48,
        "max_position_embeddings": 20,
        "type_vocab_size": 2,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
        "id2label": { "0": "O", "1": "B-Chemical", "2": "I-Chemical" },
    });
    config.as_object().unwrap().clone()
}

fn read(change: impl FnOnce(&mut Map<String, Value>)) -> Result<BertConfig, String> {
    let mut object = published();
    change(&mut object);
    hugging_face::config(&object).map_err(|error| error.to_string())
}

#[test]
fn a_published_configuration_is_understood_and_ours_is_read_back() {
    let config = read(|_| ()).unwrap();
    assert_eq!((config.family, config.head), (Family::Bert, Head::TokenClassification));
    assert_eq!(config.labels, ["O", "B-Chemical", "I-Chemical"]);
    assert_eq!((config.max_positions(), config.layer_norm_epsilon), (20, 1e-12));
    let roberta = read(|object| {
        object.insert("architectures".into(), json!(["RobertaForSequenceClassification"]));
        object.insert("model_type".into(), json!("roberta"));
        object.insert("pad_token_id".into(), json!(1));
        object.insert("problem_type".into(), json!("multi_label_classification"));
        object.remove("id2label");
    });
    let roberta = roberta.unwrap();
    assert_eq!((roberta.first_position(), roberta.max_positions()), (2, 18));
    assert_eq!((roberta.labels.len(), roberta.multi_label), (2, true));
    for config in [config, roberta] {
        let object: Map<String, Value> = serde_json::from_str(&config.to_json()).unwrap();
        assert_eq!(own(object), Ok(config));
    }
}

#[test]
fn what_is_not_supported_is_named_with_what_is() {
    let cases = [
        (
            "architectures",
            json!(["BertForQuestionAnswering"]),
            "\"BertForQuestionAnswering\" is not supported. ",
        ),
        (
            "architectures",
            json!(["T5ForConditionalGeneration"]),
            "Supported are BertForTokenClassification, ",
        ),
        ("architectures", json!([]), "no architecture is named in `architectures`"),
        ("model_type", json!("electra"), "`model_type` is \"electra\" although the architecture is BertFor"),
        (
            "hidden_act",
            json!("gelu_new"),
            "`hidden_act` is \"gelu_new\", but only \"gelu\" or \"relu\" is supported",
        ),
        ("position_embedding_type", json!("relative_key"), "only \"absolute\" is supported"),
        ("is_decoder", json!(true), "`is_decoder` is true, but only false is supported"),
        ("problem_type", json!("regression"), "`problem_type` is \"regression\""),
        ("hidden_size", json!("wide"), "`hidden_size` should be a whole number of 0 or more but is \"wide\""),
        ("num_attention_heads", json!(5), "the hidden size 32 cannot be divided among 5 attention heads"),
        ("id2label", json!({ "0": "O", "2": "B" }), "2 names but none for the class 1"),
        ("id2label", json!({ "0": "O", "1": "O" }), "two classes are named \"O\""),
        ("id2label", json!({ "0": "O", "1": 3 }), "no text for the class 1"),
        ("id2label", json!({}), "the number of labels is 0"),
        ("layer_norm_eps", json!(-1), "the layer norm epsilon -1 is not between 0 and 1"),
        ("vocab_size", Value::Null, "the configuration has no `vocab_size`"),
    ];
    for (field, value, message) in cases {
        let refused = read(|object| drop(object.insert(field.to_owned(), value))).unwrap_err();
        assert!(refused.contains(message), "{field}: {refused}");
    }
}
