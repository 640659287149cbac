"""Forms in which good translations come, each of which all the default checks keep, and damaged ones beside them."""

from __future__ import annotations

import pytest

from factory.checks import DEFAULT, parse_check


def refused(source: str, target: str, language: str = "ar") -> list[str]:
    checks = [parse_check(name).in_language(language, "en") for name in DEFAULT]
    alone = [check.name for check in checks if not check.accept(check.score(source, target))]
    rows = [check.scores([source] * 9, [target] * 9)[0] for check in checks]  # as a column
    assert alone == [check.name for check, score in zip(checks, rows, strict=True) if not check.accept(score)]
    return alone


CODE = {
    "python": 'def mean(values):\n    """The mean of the list."""\n    return sum(values) / len(values)',
    "javascript": "function add(a, b) {\n  // the sum of both\n  return a + b;\n}",
    "java": "/**\n * The larger of two numbers.\n */\nint max(int a, int b) {\n    return a > b ? a : b;\n}",
    "sql": "SELECT customers.name, orders.total\nFROM customers\nJOIN orders ON customers.id = orders.customer_id;",
    "one line": "df.groupby('city')['sales'].sum()",
    "no sign": "return a * b",
    "call": "sorted(words, key=len, reverse=True)",
    "shell": "cat names.txt | sort | uniq -c",
    "css": ".box { display: flex; margin: 0; }",
    "html": "<ul>\n  <li>One apple</li>\n  <li>Two pears</li>\n</ul>",
    "page": "<!DOCTYPE html>\n<html>\n<body>\n<h1>My first page about flowers</h1>\n</body>\n</html>",
    "yaml": "name: build\non:\n  push:\n    branches: [main]",
    "regex": r"^[a-z0-9._-]+@[a-z0-9-]+\.[a-z]{2,}$",
}


@pytest.mark.parametrize("language", ["ar", "zh", "fr"])
@pytest.mark.parametrize("name", CODE)
def test_code_may_be_copied(name, language):
    assert refused(CODE[name], CODE[name], language) == []


@pytest.mark.parametrize("text", ["The library is open", "a red house", "<p>This is about the history of a town.</p>"])
def test_prose_may_not(text):
    assert refused(text, text) != []


MARKED = [
    ("Run:\n\n- a:\n\n  ```sh\n  make all\n  ```\n", "运行：\n\n- a:\n\n  ```sh\n  make all\n  ```\n", "zh"),
    ("# why\nx = load('a file')  # slow", "# لماذا\nx = load('ملف')  # بطيء", "ar"),
    ("class Dog:\n    '''It barks.'''\n    legs = 4", "class Dog:\n    '''यह भौंकता है।'''\n    legs = 4", "hi"),
    ("Use:\n<pre><code>\nx = 1\n</code></pre>\nNow.", "استخدم:\n<pre><code>\nx = 1\n</code></pre>\nالآن.", "ar"),
    ('[{"question": "What is water?", "n": 1}]', '[{"question": "ما الماء؟", "n": 1}]', "ar"),
    ("{'name': 'Nadia', 'city': 'Fez'}", "{'name': 'نادية', 'city': 'فاس'}", "ar"),
    ("Let $a$, $b$ and $c$ be numbers.", "لتكن $a$ و$b$ و$c$ أعدادًا.", "ar"),
    ("Let $a$ and $b$ be numbers.", "יהיו \\(a\\) ו\\(b\\) מספרים.", "he"),
    ("The points are $(1, 2)$ and $(3, 4)$.", "النقطتان هما $(1، 2)$ و$(3، 4)$.", "ar"),
    ("If $x = 2.5$ then $y = 0.4$.", "Si $x = 2,5$ alors $y = 0,4$.", "fr"),
    ("If $x = 2.5$ then $y = 0.4$.", "إذا كان $x = ٢٫٥$ فإن $y = ٠٫٤$.", "ar"),
    ("Some $5\\%$ a year, $7 \\times 2 = 14$.", "نحو 5٪ سنويًا، 7 × 2 = 14.", "ar"),
    ("It is $\\$5$, not $1{,}000$.", "السعر 5 دولارات لا 1000.", "ar"),
    ("$\\text{Area} = 6 \\text{ cm}^2$", "$\\text{المساحة} = 6 \\text{ سم}^2$", "ar"),
    ("Thus\n$$x = 4$$\nand we are done.", "إذن $$x = 4$$ وبذلك ننتهي.", "ar"),
    ("Thus \\[x = 4,\\] and we are done.", "إذن\n\n$$x = 4،$$\n\nوبذلك ننتهي.", "ar"),
    ("So $f(1), f(2), \\ldots, f(n)$ differ.", "إذن $f(1)$ و$f(2)$ و$\\dots$ و$f(n)$ مختلفة.", "ar"),
    ("So $\\begin{pmatrix}1&2\\end{pmatrix}$ has $x$.", "إذن $\\begin{pmatrix}1&2\\end{pmatrix}$ لها $x$.", "ar"),
    ("[asy]\ndraw((0,0)--(1,1));\n[/asy]\nFind the length.", "[asy]\ndraw((0,0)--(1,1));\n[/asy]\nأوجد الطول.", "ar"),
    ("Set $HOME and $PATH.", "عيّن $HOME و$PATH.", "ar"),
    ("The file main.py holds it.", "main.py-tiedosto sisältää sen.", "fi"),
    ("It is on bbc.co.uk.", "هو على bbc.co.uk.", "ar"),
    ("Dear [Your Name], your order [order number] is ready.", "عزيزي [Your Name]، طلبك [order number] جاهز.", "ar"),
    ("Fill in <name>, <<date>> and {{place of birth}}.", "املأ <الاسم> و<<التاريخ>> و{{مكان الميلاد}}.", "ar"),
    ("[NAME] is the winner.", "[الاسم] هو الفائز.", "ar"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target", "language"), MARKED)
def test_what_stands_between_words_may_be_written_otherwise(source, target, language):
    assert refused(source, target, language) == []


SAID = [
    ("State officials met on Monday.", "اجتمع مسؤولو الولاية يوم الاثنين.", "ar"),
    ("Draft laws are sent to parliament.", "تُرسل مشاريع القوانين إلى البرلمان.", "ar"),
    ("Name: Sara", "الاسم: سارة", "ar"),
    ("Describe the taste of honey.", "كيف هو مذاق العسل؟", "ar"),
    ("What are two types of rock?", "اذكر نوعين من الصخور.", "ar"),
    ("What are two types of rock?", "Nennen Sie zwei Arten von Gestein.", "de"),
    ("What are two types of rock?", "চট্টগ্রামের দুই ধরনের শিলার নাম উল্লেখ করুন।", "bn"),
    ("What are two types of rock?", "请列举两种岩石。", "zh"),
    ("Which of these is the largest?", "أكبر هذه هو:", "ar"),
    ("Would you please open the window?", "افتح النافذة من فضلك.", "ar"),
    (
        "Ann buys 12 pens. She gives 5 away. How many are left now?",
        "كم قلمًا يبقى مع آن إذا اشترت 12 قلمًا وأعطت 5 منها؟",
        "ar",
    ),
    (
        "Light falls on a film of oil. It lies on water. Of these, the wave reflected most is",
        "أي هذه الموجات هو الأكثر انعكاسًا إذا سقط الضوء على غشاء من الزيت فوق الماء؟",
        "ar",
    ),
    ("Which translation into logic is it: no dog flies?", "أي ترجمة إلى المنطق هي: لا كلب يطير؟", "ar"),
    ("Which planets are in conjunction now?", "أي الكواكب في اقتران الآن؟", "ar"),
    ("I and II only", "الخياران الأول والثاني فقط", "ar"),
    ("Field notes", "ملاحظات ميدانية", "ar"),
    ("The spokesman said so.", "ترجمان نے یہ کہا۔", "ur"),
    ("Sorry, we have no more bread.", "عذرًا، لم يعد لدينا خبز.", "ar"),
    ("Statements on Standards for Review Services", "البيانات المعيارية المتعلقة بالمراجعة", "ar"),
    ("They meet on Sunday and in June.", "يجتمعون يوم الأحد وفي يونيو.", "ar"),
    ("What is 'coring'?", 'ما هو "coring"؟', "ar"),
    (
        "The dead were Nicholas Alden, 25, and Zachary Cudd, 21. He drove.",
        "死者是 25 岁的尼古拉斯·奥尔登 (Nicholas Alden) 和 21 岁的扎卡里·卡德 (Zachary Cudd)。他开车。",
        "zh",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target", "language"), SAID)
def test_sentences_may_be_turned(source, target, language):
    assert refused(source, target, language) == []


SHORT = [
    ("P → Q", "P → Q"), ("(∃x)(Fx • Gx)", "(∃x)(Fx • Gx)"), ("O(n log n)", "O(n log n)"), ("sin(x)", "sin(x)"),
    ("H2SO4", "H2SO4"), ("2πr", "2πr"), ("Mg(s) + Cr(NO3)3(aq) -> Cr3+(aq)", "Mg(s) + Cr(NO3)3(aq) → Cr3+(aq)"),
    ("I, II, and IV", "I و II و IV"), ("i and ii", "i و ii"), ("II only", "2 فقط"), ("75 percent", "75٪"),
    ("1/2", "نصف"),
    ("example.org", "example.org"), ("WAIS-R", "WAIS-R"), ("MRI", "التصوير بالرنين المغناطيسي (MRI)"),
    ("KMnO4 and HCl", "KMnO4 وHCl"), ("B", "ب"), ("Homo erectus", "Homo erectus"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), SHORT)
def test_short_answers_may_have_nothing_to_translate(source, target):
    assert refused(source, target) == []


@pytest.mark.parametrize(
    ("source", "target", "language", "check"),
    [
        ("Write it.\n\ndef area(width, height):\n    return width", "اكتبها.", "ar", "structure"),
        ("Find $x$ if $2x = 6$.", "أوجد $x$ إذا كان $2x = 8$.", "ar", "numbers"),
        ("Let $f(x) = x^2$.", "ليكن $f(x) = x^3$.", "ar", "structure"),
        ("The set is $\\{a, b, c\\}$.", "المجموعة هي $\\{a، b، d\\}$.", "ar", "structure"),
        ("Open main.py.", "افتح test.py.", "ar", "structure"),
        ("Hello {name}, welcome.", "مرحبًا أحمد، أهلًا.", "ar", "structure"),
        ("What are two sources of energy?", "الشمس والرياح.", "ar", "answered"),
        ("What is the capital of France?", "Die Hauptstadt von Frankreich ist Paris.", "de", "answered"),
        ("How do I boil an egg?", "ضع البيضة في الماء المغلي.", "ar", "answered"),
        ("Name two rivers in Africa.", "النيل والكونغو.", "ar", "answered"),
        ("Ann buys 12 pens. She gives 5 away. How many are left now?", "كم قلمًا يبقى؟", "ar", "dropped"),
        ("Identify the predicate in the sentence.", "حدد المسند في الجملة.", "ar", "language_task"),
        ("Take care.", "الخيار الأول: اعتن بنفسك", "ar", "refusal"),
        ("Good morning", "Good morning", "ar", "echo"),
    ],
)
def test_what_looks_alike_and_is_broken(source, target, language, check):
    assert check in refused(source, target, language)
