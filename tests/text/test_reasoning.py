from hypothesis import given
from hypothesis import strategies as st

from factory.text.reasoning import MARKS, spoken

PLAIN = st.text(st.characters(exclude_characters="<>[]|"), max_size=40)


@given(thought=PLAIN, answer=PLAIN, marks=st.sampled_from(MARKS), opened=st.booleans())
def test_only_the_answer_is_left(thought, answer, marks, opened):
    begin, end = marks
    found = spoken(f"{begin if opened else ''}{thought}{end}\n\n{answer}")
    assert found.reasoned and found.text == answer.lstrip()


@given(thought=PLAIN, marks=st.sampled_from(MARKS), lead=st.sampled_from(["", "\n", " \n"]))
def test_reasoning_without_an_end_is_no_answer(thought, marks, lead):
    assert spoken(f"{lead}{marks[0]}{thought}") == ("", True)


@given(text=st.text())
def test_what_was_asked_about_is_never_taken_for_reasoning(text):
    assert spoken(text, asked=text) == (text, False)


@given(before=PLAIN, after=PLAIN, marks=st.sampled_from(MARKS))
def test_marks_of_the_source_stay_behind_reasoning(before, after, marks):
    begin, end = marks
    source = f"{before}{begin}{after}{end}."
    found = spoken(f"{begin}how to say it{end}{source}", asked=f"Translate: {source}")
    assert found == (source.lstrip(), True)


@given(thought=PLAIN, answer=PLAIN, marks=st.sampled_from(MARKS))
def test_a_source_with_marks_does_not_hide_reasoning(thought, answer, marks):
    begin, end = marks
    asked = f"Translate: Use the {begin} tag and then the {end} tag"
    assert spoken(f"{begin}{thought}{end}{answer}", asked) == (answer.lstrip(), True)
    assert spoken(f"{thought}{end}{answer}", asked) == (answer.lstrip(), True)
    assert spoken(f"{begin}{thought}", asked) == ("", True)


@given(answer=PLAIN, marks=st.sampled_from(MARKS))
def test_a_source_that_begins_with_a_mark_is_answered_so(answer, marks):
    begin, end = marks
    said = f"{begin}{answer}{end}{answer}"
    assert spoken(said, f"Translate: {begin}it{end} is a tag") == (said, False)


@given(answer=PLAIN)
def test_an_answer_without_marks_is_untouched(answer):
    assert spoken(answer) == (answer, False)
