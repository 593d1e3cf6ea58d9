"""The whole way of a text model, with a tiny random encoder: train, stop, resume, export, run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch (extra `train`)")
pytest.importorskip("transformers", reason="training needs transformers (extra `train`)")
pytest.importorskip("onnx", reason="export needs onnx (extra `train`)")
pytest.importorskip("scipy", reason="calibration needs scipy (extra `train`)")

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import XLMRobertaConfig, XLMRobertaModel

from affect.errors import ModelUnavailable
from affect.labels import EWECT_CLASSES, LABELS
from affect.perception.text_network import Network as TextNetwork
from affect.perception.text_network import RawOutputs
from affect.perception.tokens import PREFIX, encode
from affect.training import calibrate, graph, smoothing, thresholds, tune, vocabulary
from affect.training import text as training
from affect.training.cache import pad
from affect.training.data import Corpus, Task, without
from affect.training.export import export, shape_of, weights_of
from affect.training.network import Network
from affect.training.text_rows import Rows, Scale, load_tokenizer, read_rows
from affect.training.text_stage import Settings, Stage

pytestmark = [
    pytest.mark.torch,
    # TensorBoard and transformers warn of their own matters.
    pytest.mark.filterwarnings("ignore"),
]

GLAD, SAD = ["good", "glad", "great", "love", "yes"], ["bad", "sad", "awful", "hate", "no"]


@pytest.fixture(scope="module", autouse=True)
def _few_steps() -> Iterator[None]:
    """The weights' average must follow within the few steps of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("affect.training.text_stage.AVERAGE", 0.8)
        yield


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with a random XLM-R of two narrow layers and a Unigram tokenizer."""
    folder = tmp_path_factory.mktemp("base")
    words = [*GLAD, *SAD, "query", "i", "am", "so", "开", "心", "难", "过", "🎉"]
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [(f"▁{word}", -5.0 - k / 10) for k, word in enumerate(words)]
    pieces += [(c, -12.0) for c in "▁:abcdefghijklmnopqrstuvwxyz开心难过🎉"]
    pieces += [("▁слово", -9.0), ("▁zeldzaam", -20.0), ("<mask>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=80,
        pad_token_id=1,
        type_vocab_size=1,
    )
    XLMRobertaModel(config).save_pretrained(folder)
    return str(folder)


def _corpora(count: int) -> list[Corpus]:
    random = np.random.default_rng(3)
    texts, glad = [], []
    for _ in range(count):
        pleased = bool(random.integers(2))
        words = random.choice(GLAD if pleased else SAD, random.integers(1, 5))
        texts.append("i am so " + " ".join(words))
        glad.append(pleased)
    joy = np.array(glad, dtype=np.float32)
    labels = np.zeros((count, len(LABELS)), dtype=np.float32)
    labels[:, LABELS.index("joy")] = joy
    labels[:, LABELS.index("sadness")] = 1 - joy
    labels[:3, LABELS.index("anger")] = 1
    ratings = np.stack([2 + 2 * joy, 3 + random.normal(0, 0.1, count), 3 - joy / 2], axis=1)
    classes = np.where(joy > 0, EWECT_CLASSES.index("happy"), EWECT_CLASSES.index("sad"))
    chinese = classes.astype(np.float32)[:, None]
    none = np.zeros(count, dtype=np.int64)
    return [
        Corpus(Task.LABELS, tuple(texts), labels, none),
        Corpus(Task.AFFECT, tuple(texts), ratings.astype(np.float32), none),
        Corpus(Task.CHINESE, tuple(texts), chinese, none),
        Corpus(Task.CHINESE, tuple(texts[:4]), chinese[:4], none[:4] + 1),
    ]


def _settings(base: str, run_folder: Path, **changes: object) -> Settings:
    plain = Settings(
        base=base,
        run=run_folder,
        epochs=2,
        again=0,
        batch=16,
        rate=2e-3,
        head_rate=2e-2,
        frozen=1,
        threads=1,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def _rows(base: str, count: int) -> Rows:
    return read_rows(_corpora(count), load_tokenizer(base), 64)


@pytest.fixture(scope="module")
def trained(
    base: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Network, Scale, list[str]]:
    lines: list[str] = []
    settings = _settings(base, tmp_path_factory.mktemp("run"))
    network, scale = training.fit(settings, _rows(base, 96), _rows(base, 40), lines.append)
    return network, scale, lines


def test_training_learns(trained: tuple[Network, Scale, list[str]]) -> None:
    _, scale, lines = trained
    assert scale.mean[0] == pytest.approx(3, abs=0.3)
    figures = lines[-1].split()
    valence = float(figures[figures.index("r_V") + 1])
    assert valence > 0.5


def test_a_search_keeps_one_cache_for_all_its_runs(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna", reason="searching needs optuna (extra `train`)")
    for name in ("training_corpora", "dev_corpora"):
        monkeypatch.setattr(training, name, lambda _: _corpora(32))
    own = _settings(base, tmp_path, rate=2e-4, head_rate=5e-3)
    lines: list[str] = []
    found = tune.search(tune.SEARCHES["text"], own, tmp_path, 2, 1, lines.append)
    assert found.dev <= 1
    assert lines[0] == 'search 1/2: {"rate": 0.0002, "head_rate": 0.005, "epochs": 1.0}'
    assert found.settings.epochs in (1, 1.5, 2)
    kept = {path.parent.relative_to(tmp_path) for path in tmp_path.rglob("cache.json")}
    assert kept == {Path("train"), Path("dev")}


def test_a_stopped_run_goes_on_to_the_same_numbers(
    base: str, tmp_path: Path, trained: tuple[Network, Scale, list[str]]
) -> None:
    rows, dev = _rows(base, 96), _rows(base, 40)
    # Stopped in the middle of an epoch: 2 epochs of 19 steps, checkpoints every 7.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("affect.training.text_stage.CHECKPOINT_EVERY", 7)

        class Stop(Exception):
            pass

        steps = 0
        step = Stage.step

        def stopping(self: Stage, task: Task, places: np.ndarray) -> float:
            nonlocal steps
            steps += 1
            if steps == 25:
                raise Stop
            return step(self, task, places)

        patch.setattr(Stage, "step", stopping)
        with pytest.raises(Stop):
            training.fit(_settings(base, tmp_path), rows, dev, lambda _: None)
    resumed, _ = training.fit(_settings(base, tmp_path, resume=True), rows, dev, lambda _: None)
    expected = trained[0].state()
    for name, value in resumed.state().items():
        assert torch.equal(value, expected[name]), name


def test_the_graph_answers_as_the_network(
    trained: tuple[Network, Scale, list[str]], base: str
) -> None:
    import onnxruntime

    network, scale, _ = trained
    tokens = encode(load_tokenizer(base), ["i am glad", "so sad no no no", "🎉"])
    ids, mask = pad(tokens, filler=1)
    with torch.no_grad():
        pooled = network.above(network.below(ids, mask), mask)
        labels = network.head("labels", pooled).numpy()
        affect = network.head("affect", pooled).numpy() * scale.deviation + scale.mean
    weights, shape = weights_of(network, scale), shape_of(network)
    weights |= smoothing.factors(network, tokens)
    trunk, branch = (
        onnxruntime.InferenceSession(made.SerializeToString())
        for made in (
            graph.trunk(weights, shape, whole_table=True),
            graph.branch(weights, shape, graph.HEADS),
        )
    )
    given = {"input_ids": ids.numpy(), "attention_mask": mask.numpy()}
    (hidden,) = trunk.run(["hidden"], given)
    given = {"hidden": hidden, "attention_mask": mask.numpy()}
    told = dict(zip(("labels", "affect"), branch.run(["labels", "affect"], given), strict=True))
    assert told["labels"] == pytest.approx(labels, abs=1e-3)
    assert told["affect"] == pytest.approx(affect, abs=1e-3)


def test_a_loud_channel_costs_the_quiet_ones_little(
    trained: tuple[Network, Scale, list[str]], base: str, tmp_path: Path
) -> None:
    import onnxruntime

    loud, scale = Network.pretrained(base, 1), trained[1]
    with torch.no_grad():
        for layer in loud.encoder.encoder.layer:
            layer.intermediate.dense.bias[0] = 60.0
            layer.output.dense.weight[:, 0] /= 60.0
    tokens = encode(load_tokenizer(base), ["i am glad", "so sad no no no"])
    ids, mask = pad(tokens, filler=1)
    with torch.no_grad():
        exact = loud.below(ids, mask).numpy()[mask.numpy() > 0]
    plain, shape = weights_of(loud, scale), shape_of(loud)
    smooth = plain | smoothing.factors(loud, tokens)
    off = {}
    for name, weights in (("plain", plain), ("smooth", smooth)):
        file = tmp_path / f"{name}.onnx"
        graph.write(graph.trunk(weights, shape), file)
        given = {"input_ids": ids.numpy(), "attention_mask": mask.numpy()}
        (hidden,) = onnxruntime.InferenceSession(file).run(["hidden"], given)
        off[name] = np.linalg.norm(hidden[mask.numpy() > 0] - exact)
    assert off["smooth"] < off["plain"] / 2


def test_what_is_exported_runs_without_torch(
    trained: tuple[Network, Scale, list[str]], base: str, tmp_path: Path
) -> None:
    network, scale, _ = trained
    texts = [PREFIX + text for text in _corpora(96)[0].texts]
    keep = export(network, scale, load_tokenizer(base), texts, tmp_path)
    made = TextNetwork.load(tmp_path)
    tokenizer = made.tokenizer
    assert tokenizer.get_vocab_size() == len(keep)
    assert tokenizer.token_to_id("<mask>") is None
    assert tokenizer.encode("🎉").tokens[-2] in {"🎉", "▁🎉"}
    tokens = encode(tokenizer, ["i am glad", "i am sad", "so awful"])
    with pytest.raises(ModelUnavailable, match="no text by meaning"):
        made.meanings(tokens)
    out = made.feelings(tokens)
    assert out.embedding.shape == (3, 16)
    assert np.linalg.norm(out.embedding, axis=1) == pytest.approx(np.ones(3), abs=1e-4)
    assert out.affect[0, 0] > out.affect[1, 0]
    joy = LABELS.index("joy")
    assert out.labels[0, joy] > out.labels[2, joy]


def test_it_goes_on_to_learn_what_itself_and_a_teacher_say(
    trained: tuple[Network, Scale, list[str]], base: str, tmp_path: Path
) -> None:
    network, scale, _ = trained
    rows, dev = _rows(base, 96), _rows(base, 40)
    tokenizer = load_tokenizer(base)
    texts = [PREFIX + text for text in _corpora(96)[0].texts]
    # A teacher that takes each rating of valence for its opposite is heard, and drags along.
    turned = Network.pretrained(base, 1)
    turned.restore(network.state())
    with torch.no_grad():
        turned.heads["affect"].weight[0] *= -1
        turned.heads["affect"].bias[0] *= -1
    export(turned, scale, tokenizer, texts, tmp_path / "teacher")
    valence = {}
    for teachers in ((), (tmp_path / "teacher",)):
        own = _settings(base, tmp_path / str(len(teachers)), again=2, teachers=teachers)
        lines: list[str] = []
        training.fit(own, rows, dev, lines.append)
        figures = lines[-1].split()
        valence[bool(teachers)] = float(figures[figures.index("r_V") + 1])
        assert (own.run / "again" / "checkpoint.pt").is_file()
    assert valence[False] > 0.5
    assert valence[True] < valence[False]


def test_calibration_makes_probabilities_of_raw_outputs() -> None:
    random = np.random.default_rng(5)
    count = 600
    truth = random.uniform(size=(count, len(LABELS))) < 0.08
    truth[:, LABELS.index("neutral")] |= ~truth.any(axis=1)
    # Overconfident by a factor of 3 and shifted: what calibration must undo.
    honest = np.where(truth, 1.0, -1.0) * 1.2 + random.normal(0, 1, truth.shape)
    classes = random.integers(0, 6, count)
    six = np.eye(6)[classes] * 2 + random.normal(0, 1, (count, 6))
    raw = RawOutputs(
        labels=(3 * honest + 1).astype(np.float32),
        affect=random.normal(3, 0.2, (count, 3)).astype(np.float32),
        chinese=(4 * six).astype(np.float32),
        embedding=np.zeros((count, 4), dtype=np.float32),
    )
    dev = calibrate.Dev(raw, truth, raw, random.normal(3, 0.3, (count, 3)), raw, classes)
    rates = calibrate.base_rates(truth.astype(np.float32))
    assert rates.sum() == pytest.approx(1)
    fitted = calibrate.fit(dev, rates, np.full(6, 1 / 6))
    likely = fitted.labels(raw.labels)
    assert likely.mean(axis=0) == pytest.approx(truth.mean(axis=0), abs=0.02)
    assert (fitted.slope < 1).all()
    assert fitted.own < 1
    assert fitted.inflation >= 1


def test_rare_labels_keep_near_the_shared_threshold() -> None:
    random = np.random.default_rng(7)
    truth = np.zeros((2000, 3), dtype=bool)
    truth[:, 0] = random.uniform(size=2000) < 0.2
    truth[:, 1] = random.uniform(size=2000) < 0.2
    truth[0, 2] = True
    likely = np.clip(truth * 0.3 + random.uniform(0, 0.5, truth.shape), 0, 1)
    likely[0, 2] = 0.99
    shared = thresholds.shared(truth, likely)
    chosen = thresholds.choose(truth, likely)
    assert abs(chosen[2] - shared) < 0.1
    assert ((chosen > 0) & (chosen < 1)).all()


def test_the_cut_keeps_what_was_seen_and_every_sign(base: str) -> None:
    tokenizer = load_tokenizer(base)
    pieces = vocabulary.pieces_of(tokenizer)
    seen = vocabulary.count(tokenizer, ["query: i am glad"])
    keep = set(vocabulary.select(pieces, seen, limit=40))
    names = [piece for piece, _ in pieces]
    assert {0, 1, 2, 3} <= keep
    assert names.index("▁glad") in keep
    assert names.index("🎉") in keep
    assert names.index("开") in keep
    assert names.index("<mask>") not in keep


def test_rows_that_a_test_split_knows_are_dropped() -> None:
    corpus = _corpora(20)[0]
    other = replace(corpus, texts=corpus.texts[:5], targets=corpus.targets[:5])
    left = without(corpus, other)
    assert not set(left.texts) & set(other.texts)
    assert len(left.targets) == len(left.texts) == len(left.domain)
