from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.checks import DEFAULT, checks, parse_check
from tests.encoders import count_words

ANY = st.text(max_size=150) | st.text(alphabet=st.sampled_from("ab سلام 12\n`{}<%-*."), max_size=150)
EN = "Please describe the river behind the old house in 1995, and visit https://example.com for `code`."
COUNTS = {
    "empty",
    "chat_tokens",
    "untranslated",
    "garbled",
    "pii",
    "toxicity",
    "repeated_target",
    "meaning",
}  # the rest are shares
AR = "يرجى وصف النهر خلف البيت القديم عام 1995، وزيارة https://example.com من أجل `code`."


NEEDED = {"among": {"values": ["mit", "cc-by-4.0"]}}
"""What checks that have no default ask for."""
READING = [name for name, check in checks().items() if not check.looks]


def verdict(name: str, source: str | None, target: str, **parameters) -> bool:
    check = parse_check({name: parameters}).in_language("ar", "en")
    return check.accept(check.score(source, target))


def test_a_value_among_those_named():
    check = parse_check({"among": {"values": ["CC-BY-4.0 ", "mit"]}})
    assert check.score(None, " cc-by-4.0\n") == 1 and check.score(None, "cc-by-nc-4.0") == 0 == check.score(None, "")
    with pytest.raises(ValueError, match="among: values: Field required"):
        parse_check("among")


@settings(deadline=None)  # the first call builds tables
@given(source=st.none() | ANY, target=ANY)
@pytest.mark.parametrize("name", READING)
def test_any_text_gets_a_finite_score(name, source, target):
    check = parse_check({name: NEEDED.get(name, {})}).in_language("ar", "en")
    score = check.score(source, target)
    assert math.isfinite(score) and score >= 0
    if name not in COUNTS:
        assert score <= 1
    assert check.scores([source], [target]) == [score]


# What the checks look for, in pieces from which hypothesis puts columns together.
PIECES = (
    *"ab XYsſKİı سلام أإةَّـ12٣٤۵𝟎.,،؟:;!?\n\t\0`~*_-#|{}<>$\\%()[]@/\"'’”…。热αβ\ud800😀\u200f⟦⟧",
    *("http://", "www.a", "a_b", "()", "aB", "a.b", "```", "~~~", "{x}", '"k":', "1,000", "1960s", "x" * 31),
    *("spell", "Spelling", "rhyme", "Translate the word", "How many", "What is", "List", "end. Then", "(!) So"),
    *("Sorry", "I am sorry", "Here is the translation:", "note:", "John", ", Smith", "the house", "red river"),
    *("ترجمه", "الترجمة:", "النص:", "او:", "عذرا، لا ", "البيت", "النهر الأحمر", "a b c a b c a b", "word " * 8),
)
COLUMN = st.lists(st.tuples(st.none() | st.lists(st.sampled_from(PIECES)), st.lists(st.sampled_from(PIECES))))


@settings(deadline=None, max_examples=25)
@given(column=COLUMN.map(lambda rows: rows * 8))
@pytest.mark.parametrize("name", READING)
def test_a_column_gets_the_scores_of_its_rows(name, column):
    sources = [None if source is None else " ".join(source) for source, _ in column]
    targets = ["".join(target) for _, target in column]
    check = (
        parse_check({name: NEEDED.get(name, {})})
        .in_language("ar", "en")
        .embedding_with(count_words)
        .survey([(sources, targets)])
    )
    assert check.scores(sources, targets) == [check.score(*pair) for pair in zip(sources, targets, strict=True)]


@pytest.mark.parametrize("name", list(checks()))
def test_every_check_declares_its_side(name):
    check = parse_check({name: NEEDED.get(name, {})})
    assert check.direction in type(check).model_fields and check.name == name
    good, bad = (check.limit, check.limit - 0.1) if check.direction == "min" else (check.limit, check.limit + 0.1)
    assert check.accept(good) and not check.accept(bad)


@pytest.mark.parametrize("name", DEFAULT)
def test_a_good_translation_passes_everything(name):
    assert verdict(name, EN, AR)


@given(st.text(alphabet="abcdefgh ", min_size=1, max_size=80))
def test_structure_and_length_of_a_copy_are_perfect(text):
    assert parse_check("structure").score(text, text) == 1.0
    assert parse_check("length_ratio").score(text, text) == 1.0


@given(source=ANY, target=ANY)
def test_length_ratio_has_no_favourite_side(source, target):
    check = parse_check("length_ratio")
    assert check.score(source, target) == check.score(target, source)


@pytest.mark.parametrize(
    ("source", "target", "good"),
    [
        ("The house", "البيت", True),
        ("The house", "The house", False),
        ("Use `the_function_name` now", "استخدم `the_function_name` الآن", True),  # code is not prose
        ("42", "42", True),
        ("The house", "Дом у реки", False),
    ],
)
def test_script(source, target, good):
    assert verdict("script", source, target) is good


@pytest.mark.parametrize(
    ("source", "target", "good"),
    [
        ("Yes.", "نعم.", True),
        ("AI", "الذكاء الاصطناعي", True),  # short texts have slack
        ("Why is the sky blue? " * 5, "لأن", False),
        ("Why is the sky blue?", "السماء زرقاء لأن ضوء الشمس يتشتت " * 9, False),
    ],
)
def test_length_ratio(source, target, good):
    assert verdict("length_ratio", source, target) is good


@pytest.mark.parametrize(
    ("source", "target", "good"),
    [
        ("Tell me about rivers.", "النهر جميل جدا " * 20, False),
        ("Tell me about rivers.", "هههههههههههههههههههههههههههههههههههههه", False),
        ("la la la " * 10, "لا لا لا " * 10, True),  # the source does it too
        ("A rule:", "خط: " + "-" * 60, True),
        ("no no no", "لا لا لا", True),  # too short to say
    ],
)
def test_repetition(source, target, good):
    assert verdict("repetition", source, target) is good


def test_a_loop_after_a_good_beginning_is_seen():
    beginning = " ".join(f"كلمة{i}" for i in range(60))
    assert verdict("repetition", None, beginning)
    assert not verdict("repetition", None, beginning + " ثم عاد إلى البيت" * 40)


@pytest.mark.parametrize(
    ("source", "target", "good"),
    [
        ("Run `ls -l` in 2024", "شغل `ls -l` في ٢٠٢٤", True),
        ("Run `ls -l`", "شغل `قائمة`", False),
        ("Dear {name}", "عزيزي {الاسم}", False),
        ("Call get_name() first", "استدع get_name() أولا", True),
        ("Call get_name() first", "استدع الاسم أولا", False),
        ("Solve $x^2 = 4$.", "حل $x^2 = 4$.", True),
        ("Solve $x^2 = 4$.", "حل $x^3 = 4$.", False),
        ('{"name": "Ali"}', '{"name": "علي"}', True),
        ('{"name": "Ali"}', '{"اسم": "علي"}', False),
        ("|a|b|\n|-|-|\n|1|2|", "|أ|ب|\n|-|-|\n|1|2|", True),
        ("|a|b|\n|-|-|\n|1|2|", "أ ب\n1 2", False),
        ("1. a\n2. b", "1. أ\n2. ب", True),
        ("1. a\n2. b\n3. c", "أ، ب، ج", False),
        ("```py\nx = 1\n```", "```py\nس = 1\n```", False),
    ],
)
def test_structure(source, target, good):
    assert verdict("structure", source, target) is good


def test_structure_of_chosen_kinds():
    assert verdict("structure", "Call get_name() first", "استدع الاسم أولا", kinds=["code"])


@pytest.mark.parametrize(
    ("source", "target", "good"),
    [
        (EN, EN, False),
        (EN, EN.upper() + " شكرا", False),
        ("Install Python and Django", "ثبّت Python و Django", True),
        ("2 + 2 = 4", "2 + 2 = 4", True),
    ],
)
def test_echo(source, target, good):
    assert verdict("echo", source, target) is good


@pytest.mark.parametrize(
    "target",
    [
        "Here is the translation: النهر",
        "Sure! Here's the Arabic translation of your text:\nالنهر",
        "Translation: النهر",
        "إليك الترجمة: النهر خلف البيت",
        "بالتأكيد، فيما يلي ترجمة النص:",
        "الترجمة: النهر",
        "**الترجمة إلى العربية:** النهر",
        "عذرًا، لا أستطيع مساعدتك في هذا.",
        "آسف، لكن لا يمكنني تقديم ذلك",
        "كنموذج لغوي، ليس لدي رأي",
        "بصفتي نموذجًا لغويًا كبيرًا",
        "I'm sorry, but I can't help with that.",
        "As an AI language model, I do not",
    ],
)
def test_refusals_and_prefaces(target):
    assert not verdict("refusal", "Describe the river behind the house.", target)
    assert not verdict("refusal", None, target)
    about = "رجم" in target or "ranslation" in target
    excuse = "Here is the translation:" if about else "I'm sorry, as an AI I cannot translate that."
    assert verdict("refusal", excuse, target)


@pytest.mark.parametrize(
    "target",
    [
        AR,
        "هذه قصة عن مترجم سافر إلى مصر",
        "اكتب رسالة اعتذار إلى صديقك",
        "لا أستطيع السباحة، قالت الفتاة",
        "ما هو نموذج العمل التجاري؟",
        "Here are three rivers in Egypt",
    ],
)
def test_ordinary_text_is_no_refusal(target):
    assert verdict("refusal", "Describe the translator's river.", target)
    assert verdict("refusal", None, target)


def test_empty():
    assert not verdict("empty", "x", " \n") and verdict("empty", "x", "س")


def test_one_broken_score_does_not_spoil_the_others(monkeypatch):
    cls = checks()["echo"]

    def broken(self, source, target):
        return 1 / (len(target) - 1)

    monkeypatch.setattr(cls, "measure", broken)
    for rows in (1, 20):  # one by one, and as a column
        scores = cls().scores(["a", "b"] * rows, ["a", "b!b b"] * rows)
        assert isinstance(scores[0], ZeroDivisionError) and scores[1] == 0.25 and len(scores) == 2 * rows


BROKEN = [  # check, source, target
    ("language", EN, "لطفا رودخانهٔ پشت خانهٔ قدیمی را توصیف کنید و از وبگاه ما دیدن کنید، چون آنجا عکس‌های بیشتری هست."),
    ("source_language", "Veuillez décrire la rivière derrière la vieille maison et le jardin de mes parents.", AR),
    ("mixed_script", "The heat is great", "السعة 热容量 كبيرة"),
    ("mixed_script", "The market is crowded", "السوق مزدحمcrowded اليوم"),
    (
        "untranslated",
        "Open the box. Take out all of the small parts inside.",
        "افتح. Take out all of the small parts inside.",
    ),
    ("chat_tokens", "Speak slowly.", "تحدث ببطء.<end_of_turn>"),
    ("chat_tokens", "Speak slowly.", "### Response:\nتحدث ببطء."),
    ("answered", "What is the capital of France?", "عاصمة فرنسا هي باريس."),
    ("answered", "Name three colours.", "الأحمر والأزرق والأصفر."),
    ("language_task", "Correct the spelling of: recieve", "صحح الإملاء"),
    ("dropped", "He came home. He cooked a large meal. He slept.", "عاد إلى البيت."),
    ("dropped", "One line\n\nAnother line", "سطر"),
    ("unfinished", "The bridge was closed because its stones moved.", "أُغلق الجسر لأن حجارته في"),
    ("unfinished", "Run:\n```\nls\n```", "شغل:\n```\nls"),
    ("urls", "See https://a.org/x", "انظر https://a.org/y"),
    ("urls", "Write to a@b.org", "اكتب إلينا"),
    ("numbers", "It cost 1,500", "كلف 1600"),
    ("symbols", "Hello there", "«؟!»…--ا"),
    ("lexicon", "The black horse ran to the green river.", "أعلنت الشركة عن أرباح قياسية"),
    ("refusal", "The bakery opens at six.", "ترجم النص التالي: يفتح المخبز في السادسة"),
    ("refusal", "Take care.", "الخيار الأول: اعتن بنفسك"),
    ("refusal", "Lions hunt.", "الأسود تصطاد.\nملاحظة: تمت ترجمة النص حرفيا"),
    ("refusal", "Lions hunt.", "سأترجم الجملة الآن: الأسود تصطاد."),
    ("refusal", "Lions hunt.", "الأسود تصطاد.\n\nإذا كان لديك أي استفسار فأنا هنا."),
    ("mixed_script", "The heat is great", "الحرارة کبيرة"),  # a Persian kaf
    ("mixed_script", "The heat is great", "الحرارة wichtig كبيرة"),
    ("untranslated", "The river is near the old house", "river قريب من البيت القديم"),
    ("chat_tokens", "Speak slowly.", "تحدث ببطء.[EOS]"),
    ("answered", "Which is red?\nA. Blood\nB. Milk", "أيها أحمر؟\nA. الدم\nB. الحليب\n\nالإجابة: A"),
    ("dropped", "A walk in the park\nSome tea with my sister\nA book on birds", "نزهة في الحديقة\nكتاب عن الطيور"),
    ("added", "He came home late.", "عاد إلى البيت متأخرا. ثم أعد لنفسه طعاما ونام حتى الصباح."),
    ("added", "He came home late.", "عاد إلى البيت متأخرا.\nرجع إلى المنزل في وقت متأخر."),
    ("wrapped", "He came home late.", "«عاد إلى البيت متأخرا.»"),
    ("wrapped", "He came home late.", '{"translation": "عاد إلى البيت متأخرا."}'),
    ("wrapped", "He came home late.", 'عاد إلى البيت متأخرا."'),
    ("garbled", "He came home.", "عاد إلى الب\ufffdت."),
    ("garbled", "He came home.", "\\u0639\\u0627\\u062f إلى البيت."),
    ("garbled", "The library was quiet.", "ةئداه ةبتكملا تناك"),
    ("garbled", "The library was quiet that day.", "كانتالمكتبةهادئةفيذلكاليومالبعيد"),
    ("garbled", "The library was quiet.", "ك ا ن ت ا ل م ك ت ب ة ه ا د ئ ة"),
    (
        "repetition",
        "He came home late and went to bed at once.",
        "عاد متأخرا ثم نام على الفور على الفور على الفور وهو متعب",
    ),
    ("numbers", "From 1995 to 1998 there were 20 of them.", "من 1995 إلى 1989 كان منها 20."),
    ("numbers", "It is 3.5 m long.", "طوله 3 أمتار."),
    ("structure", "Choose:\nA. tea\nB. milk\nC. water", "اختر:\nA. شاي\nB. حليب"),
    ("structure", "```python\nls\n```", "```بايثون\nls\n```"),
    ("unfinished", "The bridge was closed because its stones had moved in the night.", "أُغلق الجسر لأن"),
    ("compression", "Tell me.", "ثم عاد إلى البيت " * 60),
    ("toxicity", "You!", "You asshole"),
    ("toxicity", "You!", "يا ابن الكلب"),
    ("pii", "Write.", "اكتب إلى ali@mail.org"),
    ("pii", "Call.", "اتصل على +20 100 123 4567"),
    ("pii", "Pay.", "٤١١١ ١١١١ ١١١١ ١١١١"),
    ("pii", "Pay.", "GB82 WEST 1234 5698 7654 32"),
    ("code", "Write a Python function.", "اكتب دالة"),
]


@pytest.mark.parametrize(("name", "source", "target"), BROKEN)
def test_what_is_broken_is_refused(name, source, target):
    assert not verdict(name, source, target)


@pytest.mark.parametrize(
    ("name", "source", "target"),
    [
        ("language", "Tom", "توم"),
        ("mixed_script", "The angle α", "الزاوية α"),
        ("mixed_script", "The word 热 means hot", "كلمة 热 تعني ساخن"),
        ("mixed_script", "The API", "الAPI"),
        ("untranslated", "The World Health Organization (WHO)", "منظمة الصحة العالمية (WHO)"),
        ("chat_tokens", "The token <|im_end|> ends it", "الرمز <|im_end|> ينهيه"),
        ("answered", "What is the capital of France?", "ما هي عاصمة فرنسا؟"),
        ("answered", "Are you happy?", "هل أنت سعيد"),
        ("answered", "Name three colours.", "اذكر ثلاثة ألوان."),
        ("language_task", "Persian has a mostly regular grammar.", "للفارسية قواعد"),
        ("dropped", "He came home. He cooked a large meal. He slept.", "عاد إلى البيت، وطبخ وجبة كبيرة، ثم نام."),
        ("dropped", "U.S. President J. W. Smith arrived.", "وصل الرئيس الأمريكي جي دبليو سميث."),
        ("unfinished", "Stop.", "قف"),
        ("numbers", "In the 1960s", "في ستينيات القرن الماضي"),
        ("numbers", "It cost 1,500", "كلف ١٥٠٠"),
        ("numbers", "I have 3 cats", "لدي ثلاث قطط"),
        ("numbers", "100 people", "مائة شخص"),
        ("refusal", "I'm sorry, I can't help.", "عذرا، لا يمكنني المساعدة"),
        ("numbers", "At 3:30 p.m.", "في 15:30"),
        ("numbers", "In 10,000 BC", "عام 10 آلاف ق.م."),
        ("numbers", "CO2 and H2O", "ثاني أكسيد الكربون والماء"),
        ("script", "2 KNO3 + HCl", "2 KNO3 + HCl ناتج"),
        ("echo", "Find $x^2 + y^2$ and KNO3", "أوجد $x^2 + y^2$ و KNO3"),
        ("mixed_script", "Where to?", "إلی أين؟"),  # a ya without dots, typed as the Persian one
        ("untranslated", 'What does "river" mean?', 'ما معنى "river"؟'),
        ("untranslated", "Dear {name}", "عزيزي {name}"),
        ("added", "He came home late and made himself a meal.", "عاد إلى البيت متأخرا. ثم أعد لنفسه طعاما."),
        ("wrapped", "The Beatles sang Hey Jude", "«البيتلز» غنوا «هاي جود»"),
        ("wrapped", '"Come in!"', "«ادخل!»"),
        ("garbled", "The letters \\u0627 and A B C D E F G H", "الحرفان \\u0627 و a"),
        ("repetition", "No, no, no! Go home, go home now my friend.", "لا، لا، لا! عد إلى البيت، عد إلى البيت الآن."),
        ("structure", "I. Tea\nA. Smith said so", "I. شاي\nقال سميث ذلك"),
        ("dropped", "- A walk in the park\n- Tea", "- نزهة في الحديقة\n- شاي"),
        ("refusal", "Note: the translation is late.", "ملاحظة: الترجمة متأخرة."),
        ("pii", "x", "من 192.168.0.1 إلى user@example.com في 12.05.2020 الساعة 10.30"),
        ("toxicity", "x", "Pass the class on assessment"),
        ("lexicon", "Please see the Shih Tzu", "يرجى رؤية شيه تزو"),
        ("code", "Describe the river.", "صف النهر"),
    ],
)
def test_what_is_good_passes(name, source, target):
    assert verdict(name, source, target)


def test_a_repeated_target_needs_different_sources():
    leaked = "ما الذي يسبب تغير الفصول على سطح الأرض؟"
    sources = ["Who?", "What is water made of?", "Where is the key?", "Why do birds sing?", "why DO birds sing"]
    check = parse_check("repeated_target").survey([(sources, [leaked] * 4 + ["نعم."])])
    assert check.scores(["x"], [leaked]) == [4.0] and check.scores(["x"], ["نعم."]) == [1.0]
    same = parse_check("repeated_target").survey([(["Who? ", "who"] * 9, [leaked] * 18)])
    assert same.scores(["who"], [leaked]) == [1.0]
    assert check.model_dump() == same.model_dump()  # what it has seen is no parameter


def test_nan_is_never_accepted():
    assert not parse_check("script").accept(math.nan) and not parse_check("echo").accept(math.nan)
