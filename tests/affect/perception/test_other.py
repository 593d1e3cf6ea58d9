"""Models made elsewhere behind the house's own doors: tiny ones, written in the test."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="models made elsewhere need torch (extra `llm`)")
pytest.importorskip("transformers", reason="models made elsewhere need transformers (extra `llm`)")

from affect.errors import BadInput, MediaRejected, ModelUnavailable, SettingsError
from affect.fusion import fuse
from affect.labels import LABELS
from affect.perception import face as faces
from affect.perception import other
from affect.perception.activity import Activity
from affect.perception.audio import Sound
from affect.perception.face import ANCHORS
from affect.perception.face_detection import Face, FaceDetector
from affect.perception.images import Picture
from affect.perception.other_speech import load_speech
from affect.perception.speaker import Speaker
from affect.perception.text import TextModel
from affect.types import EMOTIONS, Emotion, Estimate, Modality
from affect.writers.scripted import ScriptedWriter
from bot.app import load_models
from bot.senses import Senses, check
from bot.settings import Settings
from tests.affect.perception import tiny
from tests.affect.perception.sounds import noise

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]  # torch's own warnings

SEVEN = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
FOUR = ("neu", "hap", "ang", "sad")
UNHEARD = {Emotion.DISGUST, Emotion.FEAR, Emotion.SURPRISE}


def spoken(*spans: tuple[float, float], quality: float = 0.8) -> Activity:
    """What voice activity would tell of speech there."""
    return Activity(spans, 1.0, -20.0, 30.0, 0.0, quality)


def likeliest(estimate: Estimate) -> Emotion:
    return max(EMOTIONS, key=lambda emotion: estimate.probabilities[emotion])


def sound_of(estimate: Estimate, modality: Modality, name: str) -> None:
    """An estimate has all its parts, and fusion takes it."""
    assert (estimate.modality, estimate.model) == (modality, name)
    assert sum(estimate.probabilities.values()) == pytest.approx(1)
    assert all(estimate.probabilities[emotion] == 0 for emotion in estimate.silent)
    assert min(estimate.variance.valence, estimate.variance.dominance) >= 0.25
    fuse([estimate])


class TestText:
    def test_it_reads_and_the_built_in_model_keeps_the_rest(self, tmp_path: Path) -> None:
        model = other.load_text(str(tiny.text_classifier(tmp_path / "words", SEVEN, (3,))))
        own = TextModel.load().read("I am so happy today!", "en")
        read = model.read("I am so happy today!", "en")
        sound_of(read.estimate, Modality.TEXT, "words")
        assert likeliest(read.estimate) is Emotion.JOY
        assert read.estimate.affect.valence > 0.4
        assert read.estimate.quality == 1
        assert dict(read.estimate.labels) == pytest.approx({"joy": 0.985}, abs=0.001)
        assert (read.embedding, read.language, read.cut) == (own.embedding, "en", False)

    def test_several_labels_at_once(self, tmp_path: Path) -> None:
        at = tuple(LABELS.index(label) for label in ("joy", "curiosity"))
        folder = tiny.text_classifier(
            tmp_path / "fine", LABELS, at, problem_type="multi_label_classification"
        )
        estimate = other.load_text(str(folder)).read("I am happy.", "en").estimate
        sound_of(estimate, Modality.TEXT, "fine")
        assert {"joy", "curiosity"} <= set(estimate.labels)
        assert estimate.probabilities[Emotion.SURPRISE] < estimate.probabilities[Emotion.JOY]

    def test_words_that_it_does_not_know_lower_quality(self, tmp_path: Path) -> None:
        model = other.load_text(str(tiny.text_classifier(tmp_path, FOUR)))
        assert model.read("happy zebra", "en").estimate.quality == 0.5

    def test_of_a_long_text_both_ends_are_read(self, tmp_path: Path) -> None:
        model = other.load_text(str(tiny.text_classifier(tmp_path, FOUR)))
        read = model.read("i am so sad " + "and then nothing else " * 40 + "today", "en")
        assert read.cut
        sound_of(read.estimate, Modality.TEXT, tmp_path.name)

    def test_nothing_is_refused_as_ever(self, tmp_path: Path) -> None:
        model = other.load_text(str(tiny.text_classifier(tmp_path, FOUR)))
        with pytest.raises(BadInput, match="no words"):
            model.read(" \u200b ")

    def test_many_threads_get_the_same_answer(self, tmp_path: Path) -> None:
        model = other.load_text(str(tiny.text_classifier(tmp_path, FOUR)))
        texts = ["i am sad", "so happy and then sad " * 20, "today!"] * 8
        with ThreadPoolExecutor(4) as pool:
            many = [read.estimate for read in pool.map(lambda text: model.read(text, "en"), texts)]
        for text, estimate in zip(texts, many, strict=True):
            alone = model.read(text, "en").estimate
            assert dict(estimate.probabilities) == pytest.approx(dict(alone.probabilities))

    def test_the_built_in_one_and_one_that_was_trained_here(self) -> None:
        shipped = Path(faces.__file__).parent.parent / "weights"
        assert isinstance(other.load_text(), TextModel)
        assert isinstance(other.load_text(str(shipped)), TextModel)


class TestVoice:
    def test_it_hears_and_says_what_it_has_no_class_for(self, tmp_path: Path) -> None:
        model = other.load_voice(str(tiny.audio_classifier(tmp_path / "tone", FOUR, (2,))))
        reading = model.read(Sound(noise(3.0)), spoken((0.5, 2.5)))
        sound_of(reading.estimate, Modality.VOICE, "tone")
        assert likeliest(reading.estimate) is Emotion.ANGER
        assert reading.estimate.silent == UNHEARD
        assert reading.estimate.quality == 0.8

    def test_a_long_note_is_heard_in_parts(self, tmp_path: Path) -> None:
        model = other.load_voice(str(tiny.audio_classifier(tmp_path, FOUR)))
        sound_of(
            model.read(Sound(noise(40.0)), spoken((0.0, 40.0))).estimate,
            Modality.VOICE,
            tmp_path.name,
        )

    def test_it_learns_nothing_of_a_speaker(self, tmp_path: Path) -> None:
        model = other.load_voice(str(tiny.audio_classifier(tmp_path, FOUR)))
        reading = model.read(Sound(noise(2.0)), spoken((0.0, 2.0)))
        assert reading.speaker == Speaker()

    @pytest.mark.parametrize(
        ("samples", "span"), [(noise(2.0), (0.0, 0.3)), (np.zeros(32_000, np.float32), (0.0, 2.0))]
    )
    def test_too_little_speech_is_refused(
        self, samples: Any, span: tuple[float, float], tmp_path: Path
    ) -> None:
        model = other.load_voice(str(tiny.audio_classifier(tmp_path, FOUR)))
        with pytest.raises(MediaRejected) as caught:
            model.read(Sound(samples), spoken(span))
        assert caught.value.kind == "no_speech"

    def test_another_rate_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ModelUnavailable, match="8000 Hz"):
            other.load_voice(str(tiny.audio_classifier(tmp_path, FOUR, rate=8_000)))


class TestFace:
    def test_it_sees_the_face_that_was_found(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        points = np.concatenate([ANCHORS[:2], [[24.0, 28.0]], ANCHORS[2:]]) * 4 + 20
        found = Face((20.0, 20.0, 212.0, 212.0), points, 1.0)
        monkeypatch.setattr(FaceDetector, "find", lambda *_: [found])
        model = other.load_face(str(tiny.image_classifier(tmp_path / "look", SEVEN, (5,))))
        patches = np.random.default_rng(4).integers(0, 255, (60, 60, 3), dtype=np.uint8)
        grain = np.random.default_rng(5).integers(0, 8, (240, 240, 3), dtype=np.uint8)
        estimate = model.read(Picture(np.kron(patches, np.ones((4, 4, 1), np.uint8)) ^ grain))
        sound_of(estimate, Modality.FACE, "look")
        assert likeliest(estimate) is Emotion.SADNESS
        assert 0 < estimate.quality <= 1

    def test_without_a_face_it_refuses_as_the_built_in_one_does(self, tmp_path: Path) -> None:
        model = other.load_face(str(tiny.image_classifier(tmp_path, SEVEN)))
        drawn = np.random.default_rng(4).integers(0, 255, (200, 200, 3), dtype=np.uint8)
        with pytest.raises(MediaRejected) as caught:
            model.read(Picture(drawn))
        assert caught.value.kind == "no_face"


class TestSpeech:
    def test_it_gives_words_their_language_and_how_surely(self, tmp_path: Path) -> None:
        model = load_speech(str(tiny.recogniser(tmp_path / "ears", "zh")))
        told = model.transcribe(Sound(noise(3.0)), spoken((0.0, 3.0)))
        assert (told.text, told.language, model.name) == ("happy today", "zh", "ears")
        assert told.confidence > 0.6
        assert 0.5 < told.language_probability < 1
        assert told.sure

    def test_a_language_that_is_told_goes_first(self, tmp_path: Path) -> None:
        model = load_speech(str(tiny.recogniser(tmp_path, "zh")))
        told = model.transcribe(Sound(noise(3.0)), spoken((0.0, 3.0)), "en")
        assert (told.language, told.language_probability) == ("en", 1)
        assert model.transcribe(Sound(noise(3.0)), spoken((0.0, 3.0)), "xx").language == "zh"

    def test_long_speech_is_heard_in_windows(self, tmp_path: Path) -> None:
        model = load_speech(str(tiny.recogniser(tmp_path)))
        told = model.transcribe(Sound(noise(9.0)), spoken((0.0, 2.0), (6.0, 8.0)))
        assert told.text.split() == ["happy", "today"] * 2

    def test_one_that_knows_no_languages_is_asked_for_none(self, tmp_path: Path) -> None:
        model = load_speech(str(tiny.recogniser(tmp_path, multilingual=False)))
        told = model.transcribe(Sound(noise(3.0)), spoken((0.0, 3.0)), "zh")
        assert (told.text, told.language, told.sure) == ("happy today", "en", True)

    def test_without_speech_there_is_no_word(self, tmp_path: Path) -> None:
        model = load_speech(str(tiny.recogniser(tmp_path)))
        assert model.transcribe(Sound(noise(2.0)), spoken()).text == ""

    def test_what_is_no_recogniser_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ModelUnavailable, match="speech recogniser"):
            load_speech(str(tiny.text_classifier(tmp_path, SEVEN)))


class TestRefused:
    def test_a_label_that_nobody_knows(self, tmp_path: Path) -> None:
        folder = tiny.text_classifier(tmp_path, ("joy", "LABEL_1", "LABEL_2"))
        with pytest.raises(ModelUnavailable, match="'LABEL_1'"):
            other.load_text(str(folder))

    def test_a_network_for_something_else(self, tmp_path: Path) -> None:
        folder = str(tiny.text_classifier(tmp_path, SEVEN))
        for load, what in ((other.load_voice, "audio"), (other.load_face, "image")):
            with pytest.raises(ModelUnavailable, match=f"{what} classifier"):
                load(folder)

    def test_a_network_without_its_head(self, tmp_path: Path) -> None:
        from transformers import BertForSequenceClassification

        folder = tiny.text_classifier(tmp_path, SEVEN)
        whole = BertForSequenceClassification.from_pretrained(folder)
        whole.bert.save_pretrained(folder)  # as of a model that was never fine-tuned
        config = (folder / "config.json").read_text()
        assert "sadness" in config
        with pytest.raises(ModelUnavailable, match="lacks weights"):
            other.load_text(str(folder))

    def test_numbers_that_are_none(self, tmp_path: Path) -> None:
        model = other.load_text(str(tiny.text_classifier(tmp_path, SEVEN, (0,))))
        broken = other.load_text(
            str(tiny.text_classifier(tmp_path / "broken", SEVEN, (0,), initializer_range=1e30))
        )
        assert likeliest(model.read("i am sad").estimate) is Emotion.ANGER
        with pytest.raises(ModelUnavailable, match="no numbers"):
            broken.read("i am sad")

    def test_a_regression(self, tmp_path: Path) -> None:
        folder = tiny.text_classifier(tmp_path, SEVEN, problem_type="regression")
        with pytest.raises(ModelUnavailable, match="no classes"):
            other.load_text(str(folder))

    def test_a_folder_with_nothing_in_it(self, tmp_path: Path) -> None:
        with pytest.raises(ModelUnavailable, match=r"config\.json"):
            other.load_face(str(tmp_path))


class TestSettings:
    def test_the_writer_keeps_finding_by_the_built_in_model(self, tmp_path: Path) -> None:
        folder = tiny.text_classifier(tmp_path / "words", SEVEN)
        reader, writer = load_models(Settings(text_model=str(folder)))
        assert reader.name == "words"
        assert isinstance(writer, ScriptedWriter)
        assert (
            reader.read("i am sad", "en").embedding == TextModel.load().read("i am sad").embedding
        )

    def test_a_text_model_that_cannot_be_used_is_said_at_the_start(self, tmp_path: Path) -> None:
        folder = tiny.text_classifier(tmp_path, ("LABEL_0", "LABEL_1"))
        with pytest.raises(SettingsError, match=r"^ATTUNE_TEXT_MODEL: .*'LABEL_0'"):
            load_models(Settings(text_model=str(folder)))

    def test_what_hears_and_sees_is_named(self, tmp_path: Path) -> None:
        settings = Settings(
            voice_model=str(tiny.audio_classifier(tmp_path / "tone", FOUR)),
            face_model=str(tiny.image_classifier(tmp_path / "look", ("happy", "LABEL_1"))),
            asr_model=str(tiny.recogniser(tmp_path / "ears")),
        )
        check(settings)
        senses = Senses(settings)
        assert (senses.state("voice"), senses.state("speech")) == ("tone", "ears")
        assert senses.state("face").startswith("not there: ")
        assert "'LABEL_1'" in senses.state("face")
