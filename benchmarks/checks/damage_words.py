"""What models and prompts leave in translations, by language, for `benchmarks.checks.damages`; those of ``en`` stay
English whatever the language. Written for the benchmark: the checks have lists of their own or none.
"""

from __future__ import annotations

Said = dict[str, tuple[str, ...]]

LABELS: Said = {
    "en": ("Final:", "MSA:", "Translation:", "Output:", "**Result:**"),
    "ar": ("النتيجة:", "الترجمة:", "الفصحى:"),
    "fr": ("Résultat :", "Traduction :"),
    "de": ("Ergebnis:", "Übersetzung:"),
    "es": ("Resultado:", "Traducción:"),
    "ru": ("Результат:", "Перевод:"),
    "zh": ("结果：", "译文："),
    "ja": ("結果：", "翻訳："),
    "hi": ("परिणाम:", "अनुवाद:"),
    "tr": ("Sonuç:", "Çeviri:"),
    "fa": ("نتیجه:", "ترجمه:"),
    "id": ("Hasil:", "Terjemahan:"),
    "he": ("תוצאה:", "תרגום:"),
}
OTHER_LABELS: Said = {
    "en": (
        "Final version:",
        "Final Answer:",
        "Answer:",
        "Modern Standard Arabic:",
        "Text -",
        "## Target text\n",
        "Draft 2:",
    ),
    "ar": ("النص النهائي:", "الجواب:", "بالعربية الفصحى:", "الصيغة النهائية:", "النسخة المنقحة:"),
    "fr": ("Version finale :", "Réponse :", "Texte cible :"),
    "de": ("Endfassung:", "Antwort:", "Deutscher Text:"),
    "es": ("Versión final:", "Respuesta:", "Texto en español:"),
    "ru": ("Итог:", "Ответ:", "Русский текст:"),
    "zh": ("最终版本：", "回答：", "中文："),
    "ja": ("最終版：", "回答：", "日本語："),
    "hi": ("अंतिम:", "उत्तर:", "हिंदी पाठ:"),
    "tr": ("Son hali:", "Yanıt:", "Türkçe metin:"),
    "fa": ("نسخه نهایی:", "پاسخ:", "متن فارسی:"),
    "id": ("Versi akhir:", "Jawaban:", "Teks bahasa Indonesia:"),
    "he": ("גרסה סופית:", "תשובה:", "הטקסט בעברית:"),
}
INSTRUCTIONS: Said = {
    "en": ("Please answer in English.", "Please respond in Arabic."),
    "ar": ("الرجاء الإجابة باللغة الإنجليزية.", "يرجى الرد باللغة العربية.", "أجب باللغة العربية فقط."),
    "fr": ("Veuillez répondre en anglais.", "Merci de répondre en français."),
    "de": ("Bitte antworten Sie auf Englisch.", "Bitte auf Deutsch antworten."),
    "es": ("Por favor, responde en inglés.", "Responda en español, por favor."),
    "ru": ("Пожалуйста, ответьте на английском языке.", "Отвечайте по-русски."),
    "zh": ("请用英语回答。", "请用中文回答。"),
    "ja": ("英語で答えてください。", "日本語で回答してください。"),
    "hi": ("कृपया अंग्रेज़ी में उत्तर दें।", "कृपया हिंदी में जवाब दें।"),
    "tr": ("Lütfen İngilizce cevap verin.", "Lütfen Türkçe yanıtlayın."),
    "fa": ("لطفاً به انگلیسی پاسخ دهید.", "لطفا به زبان فارسی جواب بده."),
    "id": ("Tolong jawab dalam bahasa Inggris.", "Silakan jawab dalam bahasa Indonesia."),
    "he": ("אנא ענה באנגלית.", "נא להשיב בעברית."),
}
OTHER_INSTRUCTIONS: Said = {
    "en": ("Reply in English only.", "Write your answer in French."),
    "ar": (
        "من فضلك اكتب إجابتك بالإنجليزية.",
        "اكتب الرد بالفرنسية.",
        "رجاءً أجب بالعربية الفصحى.",
        "يجب أن تكون الإجابة باللغة الإنجليزية.",
    ),
    "fr": ("Réponds en anglais s'il te plaît.", "Écrivez votre réponse en français."),
    "de": ("Antworte nur auf Englisch.", "Schreiben Sie Ihre Antwort auf Deutsch."),
    "es": ("Contesta en inglés.", "Escribe tu respuesta en español."),
    "ru": ("Напишите ответ на русском языке.", "Дайте ответ на английском, пожалуйста."),
    "zh": ("回答请使用英文。", "用中文写出你的答案。"),
    "ja": ("回答は英語でお願いします。", "答えを日本語で書いてください。"),
    "hi": ("अपना उत्तर अंग्रेज़ी में लिखें।", "केवल हिंदी में उत्तर दें।"),
    "tr": ("Cevabını İngilizce yaz.", "Yalnızca Türkçe cevap ver."),
    "fa": ("پاسخ خود را به انگلیسی بنویسید.", "فقط به فارسی پاسخ بده."),
    "id": ("Tulis jawaban Anda dalam bahasa Inggris.", "Mohon balas dalam bahasa Indonesia."),
    "he": ("כתוב את תשובתך באנגלית.", "ענה בעברית בלבד."),
}
RESIDUE: Said = {
    "en": (
        "Please provide only the translation.",
        "Please provide only the translation, without any explanation.",
        "Provide only the translated text.",
    ),
    "ar": ("يرجى تقديم الترجمة فقط.", "يرجى تقديم الترجمة فقط دون أي شرح.", "قدم النص المترجم فقط."),
    "fr": (
        "Veuillez fournir uniquement la traduction.",
        "Fournissez seulement la traduction, sans explication.",
        "Fournissez seulement le texte traduit.",
    ),
    "de": (
        "Bitte geben Sie nur die Übersetzung an.",
        "Bitte nur die Übersetzung, ohne Erklärung.",
        "Geben Sie nur den übersetzten Text an.",
    ),
    "es": (
        "Proporcione solo la traducción.",
        "Proporcione solo la traducción, sin explicaciones.",
        "Proporcione solo el texto traducido.",
    ),
    "zh": ("请只提供译文。", "请只提供译文，不要任何解释。", "只提供翻译后的文本。"),
}
OTHER_RESIDUE: Said = {
    "en": (
        "Return the translation only, with no notes.",
        "Do not add any explanations or comments to the translation.",
        "Output only the Arabic translation.",
    ),
    "ar": ("أعد الترجمة فقط بلا ملاحظات.", "لا تضف أي شروح أو تعليقات إلى الترجمة.", "اكتب الترجمة العربية فقط."),
}
THINKING = (
    "[THINK]{}[/THINK]",
    "◁think▷{}",
    "◁/think▷{}",
    "{}<|channel|>final",
    "<seed:think>{}",
    "[/THINK]\n{}",
    "<thought>\n{}",
    "</reasoning>{}",
)
OTHER_THINKING = (
    "〈think〉{}",
    "<|begin_of_thought|>{}",
    "[BEGIN FINAL RESPONSE]\n{}",
    "<reflection>{}",
    "{}[END]",
    "<think_fast>{}",
    "<answer_start>{}",
    "<final_answer>{}",
    "【THINK】{}",
)
PERCENT: Said = {
    "en": ("%", "٪", "％"),
    "ar": ("في المئة", "في المائة", "بالمئة", "بالمائة"),
    "fr": ("pour cent", "pourcent"),
    "de": ("Prozent",),
    "es": ("por ciento",),
    "ru": ("процентов", "процента", "процент"),
    "zh": ("百分之",),
    "ja": ("パーセント",),
    "hi": ("प्रतिशत",),
    "tr": ("yüzde",),
    "fa": ("درصد",),
    "id": ("persen",),
    "he": ("אחוזים", "אחוז"),
}
ANSWERS = {
    "ar": "الإجابة", "fr": "Réponse", "de": "Antwort", "es": "Respuesta", "ru": "Ответ", "zh": "答案", "ja": "答え",
    "hi": "उत्तर", "tr": "Cevap", "fa": "پاسخ", "id": "Jawaban", "he": "תשובה",
}  # fmt: skip
LETTERS = {"ar": "أبجد", "ru": "АБВГ", "he": "אבגד", "fa": "ابجد"}
