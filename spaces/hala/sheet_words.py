"""What the rating sheet says, in English and Arabic; it is drawn in the browser."""

WORDS: dict[str, dict[str, str]] = {
    "about": {
        "en": "Read each row and say yes or no. Your answers are kept under the name you give.",
        "ar": "اقرأ كل صف وأجب بنعم أو لا. تُحفظ إجاباتك بالاسم الذي تكتبه.",
    },
    "keys": {
        "en": "Keys: Y yes, N no, → next row, ← previous row.",
        "ar": "المفاتيح: ن نعم، ل لا، ← الصف التالي، → الصف السابق.",
    },
    "dataset": {"en": "Dataset", "ar": "مجموعة البيانات"},
    "rater": {"en": "Your name", "ar": "اسمك"},
    "no_rater": {"en": "Write your name first.", "ar": "اكتب اسمك أولًا."},
    "row": {"en": "Row {number} of {rows}", "ar": "الصف {number} من {rows}"},
    "done": {"en": "{done} of {rows} rated", "ar": "قُيِّم {done} من {rows}"},
    "yes": {"en": "Yes", "ar": "نعم"},
    "no": {"en": "No", "ar": "لا"},
    "question correct": {"en": "Is it correct?", "ar": "هل هو صحيح؟"},
    "question fluent": {"en": "Is it fluent?", "ar": "هل لغته سليمة؟"},
    "comment": {"en": "Comment", "ar": "ملاحظة"},
    "previous": {"en": "Previous", "ar": "السابق"},
    "next": {"en": "Next", "ar": "التالي"},
    "open": {"en": "Next unrated", "ar": "التالي غير المقيَّم"},
    "download": {"en": "Download my sheet (CSV)", "ar": "تنزيل ورقتي (CSV)"},
    "saved": {"en": "Saved", "ar": "حُفظت"},
    "finished": {"en": "Every row is rated. Thank you!", "ar": "قُيِّمت كل الصفوف. شكرًا لك!"},
    "lost": {"en": "Not saved: the Space does not answer.", "ar": "لم تُحفظ: المساحة لا تجيب."},
    "picture": {"en": "Picture", "ar": "صورة"},
}
