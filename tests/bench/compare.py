#!/usr/bin/env python3
"""Osler beside PyTorch, CTranslate2 and llama.cpp: one shape of model, one machine, one run.

Every round measures all engines one after the other, so that a machine whose speed drifts does so for all of them; what
counts are the medians over rounds of the ratios within a round. See README.md.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

LAYERS, WIDTH, HEADS, VOCABULARY, POSITIONS = 24, 1024, 16, 42384, 1024
READ, PROMPT, WRITTEN, BEAM_PROMPT, BEAM_WRITTEN = 256, 64, 128, 64, 100


def weights():
    """Random weights of a GPT-2 of BioGPT's shape, by GPT-2's names, in [in, out] order as it keeps them."""
    import numpy

    random = numpy.random.default_rng(2022)

    def matrix(*shape):
        return (random.standard_normal(shape, dtype=numpy.float32) * 0.02).astype(numpy.float32)

    def norm(name):
        return {f"{name}.weight": numpy.ones(WIDTH, "float32"), f"{name}.bias": numpy.zeros(WIDTH, "float32")}

    found = {"wte.weight": matrix(VOCABULARY, WIDTH), "wpe.weight": matrix(POSITIONS, WIDTH), **norm("ln_f")}
    for layer in range(LAYERS):
        at = f"h.{layer}"
        found |= norm(f"{at}.ln_1") | norm(f"{at}.ln_2")
        for name, ins, outs in [
            ("attn.c_attn", WIDTH, 3 * WIDTH),
            ("attn.c_proj", WIDTH, WIDTH),
            ("mlp.c_fc", WIDTH, 4 * WIDTH),
            ("mlp.c_proj", 4 * WIDTH, WIDTH),
        ]:
            found[f"{at}.{name}.weight"] = matrix(ins, outs)
            found[f"{at}.{name}.bias"] = numpy.zeros(outs, "float32")
    return found


def write_gguf(path, bits):
    """The same weights for llama.cpp, every matrix in blocks of 32, as its own quantiser writes them."""
    import gguf
    from gguf import quants

    kind = {8: gguf.GGMLQuantizationType.Q8_0, 4: gguf.GGMLQuantizationType.Q4_0}[bits]
    names = {"wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm"}
    parts = {
        "ln_1": "attn_norm",
        "ln_2": "ffn_norm",
        "attn.c_attn": "attn_qkv",
        "attn.c_proj": "attn_output",
        "mlp.c_fc": "ffn_up",
        "mlp.c_proj": "ffn_down",
    }
    writer = gguf.GGUFWriter(path, "gpt2")
    writer.add_context_length(POSITIONS)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(4 * WIDTH)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_eps(1e-5)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("no_vocab")
    for name, values in weights().items():
        stem, end = name.rsplit(".", 1)
        if stem.startswith("h."):
            _, layer, part = stem.split(".", 2)
            target = f"blk.{layer}.{parts[part]}.{end}"
            values = values.T.copy() if values.ndim == 2 else values
        else:
            target = f"{names[stem]}.{end}"
        if values.ndim == 2 and not target.startswith("position"):
            writer.add_tensor(target, quants.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(target, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def torch_model():
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=VOCABULARY, n_positions=POSITIONS, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS,
        bos_token_id=2, eos_token_id=2,
    )
    model = GPT2LMHeadModel(config)
    loaded = {f"transformer.{name}": torch.from_numpy(values) for name, values in weights().items()}
    model.load_state_dict(loaded, strict=False)
    model.tie_weights()
    return model.eval()


def write_ctranslate2(folder, work):
    """CTranslate2's converter reads a transformers folder with a tokeniser; only the names of its tokens matter here."""
    import ctranslate2
    from transformers import GPT2Tokenizer

    source = work / "gpt2"
    if not source.exists():
        torch_model().save_pretrained(source)
        tokens = {f"t{number}": number for number in range(VOCABULARY)}
        (source / "vocab.json").write_text(json.dumps(tokens))
        (source / "merges.txt").write_text("#version: 0.2\n")
        GPT2Tokenizer(str(source / "vocab.json"), str(source / "merges.txt"), unk_token="t3", bos_token="t2",
                      eos_token="t2").save_pretrained(source)
    ctranslate2.converters.TransformersConverter(str(source)).convert(str(folder), quantization="int8")


def write_biogpt(folder):
    """The same matrices under BioGPT's names, with a vocabulary of made-up words, as Osler imports them."""
    import numpy
    from safetensors.numpy import save_file

    folder.mkdir()
    found = {}
    for name, values in weights().items():
        stem, end = name.rsplit(".", 1)
        if name == "wte.weight":
            found["biogpt.embed_tokens.weight"] = values
        elif name == "wpe.weight":
            # BioGPT's first position has number 2.
            found["biogpt.embed_positions.weight"] = numpy.concatenate([values[:2], values])
        elif stem == "ln_f":
            found[f"biogpt.layer_norm.{end}"] = values
        else:
            _, layer, part = stem.split(".", 2)
            at = f"biogpt.layers.{layer}"
            if part == "attn.c_attn":
                for letter, third in zip("qkv", numpy.split(values, 3, axis=-1)):
                    found[f"{at}.self_attn.{letter}_proj.{end}"] = numpy.ascontiguousarray(third.T)
            else:
                own = {
                    "ln_1": "self_attn_layer_norm", "ln_2": "final_layer_norm", "attn.c_proj": "self_attn.out_proj",
                    "mlp.c_fc": "fc1", "mlp.c_proj": "fc2",
                }[part]
                found[f"{at}.{own}.{end}"] = numpy.ascontiguousarray(values.T)
    save_file(found, folder / "model.safetensors")
    words = ["<s>", "<pad>", "</s>", "<unk>"]
    words += [f"t{number}</w>" for number in range(len(words), VOCABULARY)]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    config = {
        "model_type": "biogpt", "vocab_size": VOCABULARY, "hidden_size": WIDTH, "intermediate_size": 4 * WIDTH,
        "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "max_position_embeddings": POSITIONS,
        "hidden_act": "gelu", "scale_embedding": True, "tie_word_embeddings": True,
        "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2,
    }
    (folder / "config.json").write_text(json.dumps(config))


def prepare(work, program):
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "biogpt").exists():
        write_biogpt(work / "biogpt")
    for kind in ("q8", "q4", "f32"):
        if not (work / f"osler-{kind}").exists():
            subprocess.run(
                [program, "models", "import", work / "biogpt", "--to", work / f"osler-{kind}", "--weights", kind],
                check=True,
            )
    for bits in (8, 4):
        path = work / f"gpt2-q{bits}.gguf"
        if not path.exists():
            write_gguf(path, bits)
    if not (work / "ct2-int8").exists():
        write_ctranslate2(work / "ct2-int8", work)


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def one_of_torch(threads):
    import torch

    torch.set_num_threads(threads)
    model = torch_model()
    tokens = torch.randint(4, VOCABULARY, (1, READ))
    with torch.inference_mode():
        model(tokens[:, :8])
        start = time.perf_counter()
        model(tokens, logits_to_keep=1)
        read = READ / (time.perf_counter() - start)
        out = model(tokens[:, :PROMPT], use_cache=True, logits_to_keep=1)
        start = time.perf_counter()
        for _ in range(WRITTEN):
            chosen = out.logits[:, -1:].argmax(-1)
            out = model(chosen, past_key_values=out.past_key_values, use_cache=True)
        written = WRITTEN / (time.perf_counter() - start)
    return {"prefill": read, "decode": written, "peak_mb": peak_mb()}


def one_of_ctranslate2(work, threads):
    import ctranslate2

    generator = ctranslate2.Generator(str(work / "ct2-int8"), device="cpu", compute_type="int8",
                                      intra_threads=threads, inter_threads=1)
    tokens = [f"t{4 + (number * 7919) % (VOCABULARY - 4)}" for number in range(READ)]

    def write(prompt, count, beams):
        start = time.perf_counter()
        generator.generate_batch([prompt], max_length=count, min_length=count, beam_size=beams,
                                 include_prompt_in_result=False, sampling_topk=1, end_token=[])
        return time.perf_counter() - start

    write(tokens[:8], 2, 1)
    read = write(tokens, 1, 1)
    short, long = (write(tokens[:PROMPT], count, 1) for count in (1, WRITTEN + 1))
    beam_short, beam_long = (write(tokens[:BEAM_PROMPT], count, 5) for count in (1, BEAM_WRITTEN + 1))
    return {
        "prefill": READ / read,
        "decode": WRITTEN / (long - short),
        "beam5": BEAM_WRITTEN / (beam_long - beam_short),
        "peak_mb": peak_mb(),
    }


def llama_cpp(bench, model, threads):
    command = [bench, "-m", model, "-t", str(threads), "-p", str(READ), "-n", str(WRITTEN), "-r", "1", "-o", "json"]
    rows = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    by_kind = {"prefill" if row["n_prompt"] else "decode": row["avg_ts"] for row in rows}
    return by_kind


def osler(program, model):
    command = [program, "bench", "--model", model, "--device", "cpu", "--runs", "1", "--json"]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    return {
        "prefill": result["prefill_256_tokens_per_s"],
        "decode": result["decode_tokens_per_s"],
        "beam5": result["beam5_positions_per_s"],
        "first_token_s": result["load_s"] + result["first_token_s"],
        "peak_mb": result["peak_rss_mb"],
    }


def own_process(*arguments):
    """A peer in a process of its own, so that its threads and memory are gone when the next one is measured."""
    command = [sys.executable, __file__, *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


BARS = [
    ("8-bit decode", ("osler q8", "decode"), ("llama.cpp Q8_0", "decode"), 1.0, 1.5),
    ("4-bit decode", ("osler q4", "decode"), ("llama.cpp Q4_0", "decode"), 1.0, 1.5),
    ("f32 decode", ("osler f32", "decode"), ("PyTorch f32", "decode"), 1.0, None),
    ("prefill 256, 8 bit against PyTorch f32", ("osler q8", "prefill"), ("PyTorch f32", "prefill"), 1.0, None),
    ("prefill 256, 8 bit against CTranslate2 int8", ("osler q8", "prefill"), ("CTranslate2 int8", "prefill"), None, 1.2),
    ("beam 5, 8 bit", ("osler q8", "beam5"), ("CTranslate2 int8", "beam5"), 1.5, 3.0),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--osler", required=True, help="osler-cli of a release build")
    parser.add_argument("--llama-bench", required=True, help="llama-bench of llama.cpp")
    parser.add_argument("--work", type=Path, required=True, help="folder for the peers' models (4 GB)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=Path, help="file for all figures of all rounds")
    arguments = parser.parse_args()
    prepare(arguments.work, arguments.osler)
    engines = {
        "osler q8": lambda: osler(arguments.osler, arguments.work / "osler-q8"),
        "llama.cpp Q8_0": lambda: llama_cpp(arguments.llama_bench, arguments.work / "gpt2-q8.gguf", arguments.threads),
        "CTranslate2 int8": lambda: own_process("--one-ctranslate2", arguments.work, arguments.threads),
        "osler q4": lambda: osler(arguments.osler, arguments.work / "osler-q4"),
        "llama.cpp Q4_0": lambda: llama_cpp(arguments.llama_bench, arguments.work / "gpt2-q4.gguf", arguments.threads),
        "osler f32": lambda: osler(arguments.osler, arguments.work / "osler-f32"),
        "PyTorch f32": lambda: own_process("--one-torch", arguments.threads),
    }
    rounds = []
    for number in range(arguments.rounds):
        rounds.append({})
        for name, measure in engines.items():
            rounds[-1][name] = measure()
            print(f"round {number + 1}: {name}: {rounds[-1][name]}", file=sys.stderr, flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(rounds, indent=1))
    print("| engine | decode, tokens/s | prefill 256, tokens/s | beam 5, positions/s | peak memory, MB |")
    print("|---|---|---|---|---|")
    for name in engines:
        def median(key):
            values = [one[name][key] for one in rounds if key in one[name]]
            return f"{statistics.median(values):.1f}" if values else "-"

        print(f"| {name} | {median('decode')} | {median('prefill')} | {median('beam5')} | {median('peak_mb')} |")
    print("\n| bar | median ratio | least to greatest | must | aim |")
    print("|---|---|---|---|---|")
    for title, (own, figure), (peer, its), must, aim in BARS:
        ratios = [one[own][figure] / one[peer][its] for one in rounds]
        print(f"| {title} | {statistics.median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} "
              f"| {must or '-'} | {aim or '-'} |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one-torch"]:
        print(json.dumps(one_of_torch(int(sys.argv[2]))))
    elif sys.argv[1:2] == ["--one-ctranslate2"]:
        print(json.dumps(one_of_ctranslate2(Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        main()
