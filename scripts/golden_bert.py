#!/usr/bin/env python3
"""Make the golden files of the encoders for texts: tiny random models and what PyTorch computes.

    scripts/golden_bert.py [OUT_DIR]        default: tests/golden of this project

Writes OUT_DIR/tiny-bert/, a Hugging Face model directory (BertForSequenceClassification with random
float32 weights and a vocabulary of our own), and OUT_DIR/tiny-bert.safetensors, computed from those
weights in float64 by transformers and autograd without dropout:

    input_ids, token_type_ids [T], start [N + 1], labels [N]    one packed batch
    CASE/features [N, d], CASE/logits [N, K], CASE/loss [1]
    CASE/grad.NAME                                              gradients of the loss
    adamw/loss, adamw/grad_norm, adamw/lr_factor [10]           ten updates on that batch
    adamw/final.NAME                                            parameters after them

CASE is pooler (the model as it is), mean and cls (other poolings), gelu_new (hidden_act) or acf
(the loss CE + 0.5 acf at tau 0.1 + 0.1 Cor-Reg).  For cls, gelu_new and acf only gradients of rank
1 are kept, and the classifier's: they need the whole backward pass, and the files stay small.

Likewise tiny-roberta, tiny-distilbert and tiny-electra, with the case pooler alone.  RoBERTa's batch
holds the padding token inside a text, which moves the positions behind it.

Needs torch and transformers; the tests that read the files need no Python.
"""
import argparse
import copy
import json
import pathlib

import safetensors.torch
import tokenizers
import torch
import transformers

import torch_reference as ref

WORDS = ("the a cat dog bird sat ran flew on under over mat tree house red blue old new and was "
         "not very good bad . , ! ##s ##ing ##ed ##er un ##able re").split()
VOCAB = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
CLS, SEP = 2, 3
PAD_ROBERTA = 1
LENGTHS = (1, 2, 7, 11, 20)  # tokens of each example; the fourth is a pair
LABELS = (0, 2, 1, 0, 2)
PADDED = 4  # example with a padding token (RoBERTa)
FULL_CASES = ("pooler", "mean")  # all gradients kept


def make_config(family, vocab_size):
    t = transformers
    labels = dict(num_labels=3, id2label={0: "no", 1: "maybe", 2: "yes"},
                  label2id={"no": 0, "maybe": 1, "yes": 2})
    if family == "distilbert":
        return t.DistilBertConfig(vocab_size=vocab_size, dim=8, n_layers=2, n_heads=2, hidden_dim=12,
                                  max_position_embeddings=20, seq_classif_dropout=0.2, **labels)
    sizes = dict(vocab_size=vocab_size, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
                 intermediate_size=12, hidden_act="gelu", hidden_dropout_prob=0.1,
                 attention_probs_dropout_prob=0.1, max_position_embeddings=20)
    if family == "roberta":
        sizes.update(max_position_embeddings=22, type_vocab_size=1, layer_norm_eps=1e-5)
        return t.RobertaConfig(**sizes, **labels)
    if family == "electra":
        return t.ElectraConfig(embedding_size=6, **sizes, **labels)
    sizes.update(hidden_size=16, intermediate_size=24, type_vocab_size=2)
    return t.BertConfig(**sizes, **labels)


def make_model(family, vocab_size):
    torch.manual_seed(20230604)
    config = make_config(family, vocab_size)
    model = transformers.AutoModelForSequenceClassification.from_config(config)
    with torch.no_grad():  # no value stays at 0 or 1, so that none can be mistaken for another
        for name, p in model.named_parameters():
            is_gain = name.endswith(("LayerNorm.weight", "layer_norm.weight"))
            p.normal_(1.0 if is_gain else 0.0, 0.2)
        for name, p in model.named_parameters():
            if name.endswith(("query.weight", "key.weight", "q_lin.weight", "k_lin.weight")):
                p.mul_(3.0)  # attention far from uniform
    for module in model.modules():
        # Their rows of the padding token have no gradient in torch; here they train like others.
        if isinstance(module, torch.nn.Embedding):
            module.padding_idx = None
    return model.eval()


def write_bpe(out):
    """A byte-level BPE with a few merges; returns the tokenizer."""
    words = [w.removeprefix("##") for w in WORDS if w.strip("#").isalpha()]
    learnt = tokenizers.ByteLevelBPETokenizer()
    learnt.train_from_iterator([" ".join(words), " " + " ".join(words)], vocab_size=300,
                               min_frequency=1, show_progress=False,
                               special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    learnt.save_model(str(out))
    tokenizer = transformers.RobertaTokenizer.from_pretrained(out, model_max_length=20)
    tokenizer.save_pretrained(out)
    for name in ("vocab.json", "merges.txt"):  # tokenizer.json holds the same
        (out / name).unlink()
    return transformers.AutoTokenizer.from_pretrained(out)


def write_tokenizer(out):
    (out / "vocab.txt").write_text("".join(w + "\n" for w in VOCAB), encoding="utf-8")
    tokenizer = transformers.BertTokenizerFast(
        vocab={w: i for i, w in enumerate(VOCAB)}, do_lower_case=True, model_max_length=20)
    tokenizer.save_pretrained(out)
    ids = transformers.AutoTokenizer.from_pretrained(out)("The cats sat.")["input_ids"]
    assert ids == [CLS, *(VOCAB.index(w) for w in ("the", "cat", "##s", "sat", ".")), SEP], ids


def make_batch(family="bert", vocab_size=len(VOCAB)):
    """Packed ids, token types and starts."""
    cls, sep = (0, 2) if family == "roberta" else (CLS, SEP)
    generator = torch.Generator().manual_seed(7)
    ids, types, start = [], [], [0]
    for k, length in enumerate(LENGTHS):
        x = torch.randint(5, vocab_size, (length,), generator=generator).tolist()
        t = [0] * length
        x[0] = cls
        if length > 1:
            x[-1] = sep
        if k == 3:
            x[4] = sep
            if family in ("bert", "electra"):
                t = [0] * 5 + [1] * (length - 5)
        if k == PADDED and family == "roberta":
            x[3] = PAD_ROBERTA
        ids += x
        types += t
        start.append(len(ids))
    return ids, types, start


def padded(batch, family="bert"):
    ids, types, start = batch
    pad = PAD_ROBERTA if family == "roberta" else 0
    longest = max(LENGTHS)
    rows = [(ids[a:b], types[a:b]) for a, b in zip(start, start[1:])]
    fill = lambda x, value=0: x + [value] * (longest - len(x))
    out = {"input_ids": torch.tensor([fill(x, pad) for x, _ in rows]),
           "token_type_ids": torch.tensor([fill(t) for _, t in rows]),
           "attention_mask": torch.tensor([fill([1] * len(x)) for x, _ in rows])}
    if family == "distilbert":
        del out["token_type_ids"]
    return out


def features_of(model, inputs, pooling):
    out = model.base_model(**inputs)
    first = out.last_hidden_state[:, 0]
    kind = model.config.model_type
    if kind == "roberta":
        return torch.tanh(model.classifier.dense(first))
    if kind == "electra":
        return torch.nn.functional.gelu(model.classifier.dense(first))
    if kind == "distilbert":
        return torch.relu(model.pre_classifier(first))
    if pooling == "mean":
        mask = inputs["attention_mask"][:, :, None].double()
        return (out.last_hidden_state * mask).sum(1) / mask.sum(1)
    return first if pooling == "cls" else out.pooler_output


def last_layer(model):
    """The linear layer whose rows are the label embeddings."""
    return getattr(model.classifier, "out_proj", model.classifier)


def run_case(case, model, inputs, labels):
    pooling = case if case in ("mean", "cls") else "pooler"
    weights = ref.preset("acf" if case == "acf" else "ce")
    weights["cor"] = 0.1 if case == "acf" else 0.0
    model.zero_grad()
    features = features_of(model, inputs, pooling)
    head = last_layer(model)
    logits = head(features)
    if pooling == "pooler":  # the model as it is
        assert torch.allclose(logits, model(**inputs).logits, rtol=0, atol=1e-12)
    loss, _ = ref.objective(features, logits, head.weight, labels, weights)
    loss.backward()
    out = {"features": features, "logits": logits, "loss": loss.reshape(1)}
    for name, p in model.named_parameters():
        if p.grad is None:
            assert pooling != "pooler" and name.startswith("bert.pooler."), name
        elif case in FULL_CASES or p.dim() == 1 or name.startswith("classifier."):
            out["grad." + name] = p.grad
    return {f"{case}/{k}": v.detach().clone() for k, v in out.items()}


def run_adamw(model, inputs, labels, updates=10):
    optimizer = ref.make_optimizer(model, lr=1e-3, head_lr=1e-2, weight_decay=0.01)
    trace = {"loss": [], "grad_norm": [], "lr_factor": []}
    for k in range(updates):
        loss = torch.nn.functional.cross_entropy(model(**inputs).logits, labels)
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        factor = ref.linear_factor(k, updates, warmup=1)
        ref.set_lr(optimizer, factor)
        optimizer.step()
        for key, value in zip(trace, (loss.item(), norm.item(), factor)):
            trace[key].append(value)
    print("ten updates: loss", *(f"{x:.6f}" for x in trace["loss"]))
    print("gradient norms  ", *(f"{x:.4f}" for x in trace["grad_norm"]))
    out = {k: torch.tensor(v, dtype=torch.float64) for k, v in trace.items()}
    out.update({"final." + n: p.detach().clone() for n, p in model.named_parameters()})
    return {f"adamw/{k}": v for k, v in out.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden")
    args = parser.parse_args()
    torch.set_num_threads(1)
    make_bert(args.out)
    for family in ("roberta", "distilbert", "electra"):
        make_family(args.out, family)


def save(out, name, tensors):
    made_by = {"made_by": "scripts/golden_bert.py", "torch": torch.__version__,
               "transformers": transformers.__version__}
    safetensors.torch.save_file(tensors, out / f"{name}.safetensors", made_by)
    for path in [out / f"{name}.safetensors", *sorted((out / name).iterdir())]:
        print(f"{path.stat().st_size:8} {path}")
    print(json.dumps(made_by))


def batch_tensors(batch, labels):
    return {"input_ids": torch.tensor(batch[0]), "token_type_ids": torch.tensor(batch[1]),
            "start": torch.tensor(batch[2]), "labels": labels}


def make_bert(out):
    directory = out / "tiny-bert"
    directory.mkdir(parents=True, exist_ok=True)
    model = make_model("bert", len(VOCAB))
    model.save_pretrained(directory)
    write_tokenizer(directory)

    model = model.double()
    batch = make_batch()
    inputs, labels = padded(batch), torch.tensor(LABELS)
    tensors = batch_tensors(batch, labels)
    for case in ("pooler", "mean", "cls", "acf"):
        tensors.update(run_case(case, model, inputs, labels))
    config = copy.deepcopy(model.config)
    config.hidden_act = "gelu_new"
    other = transformers.BertForSequenceClassification(config).double().eval()
    other.load_state_dict(model.state_dict())
    tensors.update(run_case("gelu_new", other, inputs, labels))
    tensors.update(run_adamw(model, inputs, labels))
    save(out, "tiny-bert", tensors)


def make_family(out, family):
    directory = out / f"tiny-{family}"
    directory.mkdir(parents=True, exist_ok=True)
    size = len(VOCAB)
    if family == "roberta":
        size = len(write_bpe(directory))
    else:
        write_tokenizer(directory)
    model = make_model(family, size)
    model.save_pretrained(directory)

    model = model.double()
    batch = make_batch(family, size)
    inputs, labels = padded(batch, family), torch.tensor(LABELS)
    tensors = batch_tensors(batch, labels)
    tensors.update(run_case("pooler", model, inputs, labels))
    tensors.update(run_adamw(model, inputs, labels))
    save(out, directory.name, tensors)


if __name__ == "__main__":
    main()
