"""The word tables of the demo world, one word a line; `lexicon` parses them.

A second line with the same English word is another Arabic word for it, used now and then in free sentences, as
human translators do. Words whose spelling changes with case in ways the grammar does not cover (محامٍ, غالٍ, كراسٍ)
are left out on purpose.
"""

# english | plural | arabic | arabic plural ("-" none) | gender | plural kind | tags
# plural kind: sm sound masculine, sf sound feminine, b broken, d broken and diptote (no tanwin)
NOUNS = """
cat|cats|قطة|قطط|f|b|animal pet
dog|dogs|كلب|كلاب|m|b|animal pet
horse|horses|حصان|أحصنة|m|b|animal ride
camel|camels|جمل|جمال|m|b|animal ride
lion|lions|أسد|أسود|m|b|animal
elephant|elephants|فيل|أفيال|m|b|animal
bird|birds|طائر|طيور|m|b|animal pet
bird|birds|عصفور|عصافير|m|d|animal pet
rabbit|rabbits|أرنب|أرانب|m|d|animal pet
mouse|mice|فأر|فئران|m|b|animal
cow|cows|بقرة|بقرات|f|sf|animal
sheep|sheep|خروف|خراف|m|b|animal
goat|goats|عنزة|عنزات|f|sf|animal
donkey|donkeys|حمار|حمير|m|b|animal ride
monkey|monkeys|قرد|قرود|m|b|animal
snake|snakes|ثعبان|ثعابين|m|d|animal
duck|ducks|بطة|بطات|f|sf|animal pet
hen|hens|دجاجة|دجاجات|f|sf|animal
frog|frogs|ضفدع|ضفادع|m|d|animal
bee|bees|نحلة|نحلات|f|sf|animal
butterfly|butterflies|فراشة|فراشات|f|sf|animal
eagle|eagles|نسر|نسور|m|b|animal
fox|foxes|ثعلب|ثعالب|m|d|animal
wolf|wolves|ذئب|ذئاب|m|b|animal
bear|bears|دب|دببة|m|b|animal
gazelle|gazelles|غزال|غزلان|m|b|animal
turtle|turtles|سلحفاة|سلاحف|f|d|animal pet
crocodile|crocodiles|تمساح|تماسيح|m|d|animal
giraffe|giraffes|زرافة|زرافات|f|sf|animal
whale|whales|حوت|حيتان|m|b|animal
tiger|tigers|نمر|نمور|m|b|animal
spider|spiders|عنكبوت|عناكب|m|d|animal
pigeon|pigeons|حمامة|حمامات|f|sf|animal pet
owl|owls|بومة|بومات|f|sf|animal
ant|ants|نملة|نملات|f|sf|animal
fish|fish|سمكة|سمكات|f|sf|animal pet
apple|apples|تفاحة|تفاحات|f|sf|food fruit
orange|oranges|برتقالة|برتقالات|f|sf|food fruit
banana|bananas|موزة|موزات|f|sf|food fruit
lemon|lemons|ليمونة|ليمونات|f|sf|food fruit
fig|figs|تينة|تينات|f|sf|food fruit
peach|peaches|خوخة|خوخات|f|sf|food fruit
carrot|carrots|جزرة|جزرات|f|sf|food vegetable
onion|onions|بصلة|بصلات|f|sf|food vegetable
cucumber|cucumbers|خيارة|خيارات|f|sf|food vegetable
egg|eggs|بيضة|بيضات|f|sf|food
cake|cakes|كعكة|كعكات|f|sf|food cooked
sandwich|sandwiches|شطيرة|شطائر|f|d|food
bread|-|خبز|-|m|b|food mass cooked
rice|-|أرز|-|m|b|food mass cooked
meat|-|لحم|-|m|b|food mass cooked
cheese|-|جبن|-|m|b|food mass
soup|-|حساء|-|m|b|food mass cooked
honey|-|عسل|-|m|b|food mass
salad|-|سلطة|-|f|b|food mass cooked
chocolate|-|شوكولاتة|-|f|b|food mass
butter|-|زبدة|-|f|b|food mass
sugar|-|سكر|-|m|b|food mass
water|-|ماء|-|m|b|drink mass
milk|-|حليب|-|m|b|drink mass
tea|-|شاي|-|m|b|drink mass
coffee|-|قهوة|-|f|b|drink mass
juice|-|عصير|-|m|b|drink mass
book|books|كتاب|كتب|m|b|object readable
letter|letters|رسالة|رسائل|f|d|readable sendable written
letter|letters|خطاب|خطابات|m|sf|readable sendable written
story|stories|قصة|قصص|f|b|readable written
story|stories|حكاية|حكايات|f|sf|readable written
newspaper|newspapers|جريدة|جرائد|f|d|object readable
newspaper|newspapers|صحيفة|صحف|f|b|object readable
poem|poems|قصيدة|قصائد|f|d|readable written
magazine|magazines|مجلة|مجلات|f|sf|object readable
report|reports|تقرير|تقارير|m|d|readable sendable written
lesson|lessons|درس|دروس|m|b|readable written
pen|pens|قلم|أقلام|m|b|object
bag|bags|حقيبة|حقائب|f|d|object
key|keys|مفتاح|مفاتيح|m|d|object
phone|phones|هاتف|هواتف|m|d|object
clock|clocks|ساعة|ساعات|f|sf|object
box|boxes|صندوق|صناديق|m|d|object openable
cup|cups|كوب|أكواب|m|b|object
cup|cups|فنجان|فناجين|m|d|object
plate|plates|طبق|أطباق|m|b|object
plate|plates|صحن|صحون|m|b|object
picture|pictures|صورة|صور|f|b|object sendable drawn
gift|gifts|هدية|هدايا|f|b|object sendable
ball|balls|كرة|كرات|f|sf|object
toy|toys|لعبة|ألعاب|f|b|object
flower|flowers|زهرة|زهور|f|b|object plant drawn
lamp|lamps|مصباح|مصابيح|m|d|object
rope|ropes|حبل|حبال|m|b|object
umbrella|umbrellas|مظلة|مظلات|f|sf|object
computer|computers|حاسوب|حواسيب|m|d|object
map|maps|خريطة|خرائط|f|d|object drawn
ring|rings|خاتم|خواتم|m|d|object
basket|baskets|سلة|سلال|f|b|object
table|tables|طاولة|طاولات|f|sf|furniture
table|tables|مائدة|موائد|f|d|furniture
seat|seats|مقعد|مقاعد|m|d|furniture
bed|beds|سرير|أسرة|m|b|furniture
shelf|shelves|رف|رفوف|m|b|furniture
carpet|carpets|سجادة|سجادات|f|sf|furniture
door|doors|باب|أبواب|m|b|openable
window|windows|نافذة|نوافذ|f|d|openable
window|windows|شباك|شبابيك|m|d|openable
wall|walls|جدار|جدران|m|b|built
shirt|shirts|قميص|قمصان|m|b|clothes
dress|dresses|فستان|فساتين|m|d|clothes
hat|hats|قبعة|قبعات|f|sf|clothes
coat|coats|معطف|معاطف|m|d|clothes
scarf|scarves|وشاح|أوشحة|m|b|clothes
jacket|jackets|سترة|سترات|f|sf|clothes
car|cars|سيارة|سيارات|f|sf|vehicle drive
bus|buses|حافلة|حافلات|f|sf|vehicle drive
train|trains|قطار|قطارات|m|sf|vehicle
plane|planes|طائرة|طائرات|f|sf|vehicle
ship|ships|سفينة|سفن|f|b|vehicle
bicycle|bicycles|دراجة|دراجات|f|sf|vehicle ride
boat|boats|قارب|قوارب|m|d|vehicle
truck|trucks|شاحنة|شاحنات|f|sf|vehicle drive
house|houses|بيت|بيوت|m|b|place built
house|houses|منزل|منازل|m|d|place built
school|schools|مدرسة|مدارس|f|d|place built
market|markets|سوق|أسواق|f|b|place shop
mosque|mosques|مسجد|مساجد|m|d|place built
library|libraries|مكتبة|مكتبات|f|sf|place
restaurant|restaurants|مطعم|مطاعم|m|d|place shop
garden|gardens|حديقة|حدائق|f|d|place
farm|farms|مزرعة|مزارع|f|d|nature
factory|factories|مصنع|مصانع|m|d|place built
office|offices|مكتب|مكاتب|m|d|place
airport|airports|مطار|مطارات|m|sf|place
station|stations|محطة|محطات|f|sf|place
hotel|hotels|فندق|فنادق|m|d|place built
museum|museums|متحف|متاحف|m|d|place
village|villages|قرية|قرى|f|b|place
shop|shops|متجر|متاجر|m|d|place shop
bank|banks|مصرف|مصارف|m|d|place
bank|banks|بنك|بنوك|m|b|place
university|universities|جامعة|جامعات|f|sf|place
kitchen|kitchens|مطبخ|مطابخ|m|d|place
room|rooms|غرفة|غرف|f|b|place
bridge|bridges|جسر|جسور|m|b|built place
tower|towers|برج|أبراج|m|b|built place
castle|castles|قلعة|قلاع|f|b|built place
bakery|bakeries|مخبز|مخابز|m|d|place shop
street|streets|شارع|شوارع|m|d|place
river|rivers|نهر|أنهار|m|b|nature
mountain|mountains|جبل|جبال|m|b|nature
forest|forests|غابة|غابات|f|sf|nature
lake|lakes|بحيرة|بحيرات|f|sf|nature
island|islands|جزيرة|جزر|f|b|nature
field|fields|حقل|حقول|m|b|nature
hill|hills|تل|تلال|m|b|nature
tree|trees|شجرة|شجرات|f|sf|plant drawn
star|stars|نجم|نجوم|m|b|sky
cloud|clouds|سحابة|سحب|f|b|sky
man|men|رجل|رجال|m|b|human adult
woman|women|امرأة|نساء|f|b|human adult
boy|boys|ولد|أولاد|m|b|human
girl|girls|بنت|بنات|f|b|human
girl|girls|فتاة|فتيات|f|b|human
king|kings|ملك|ملوك|m|b|human adult
queen|queens|ملكة|ملكات|f|sf|human adult
princess|princesses|أميرة|أميرات|f|sf|human adult
prince|princes|أمير|أمراء|m|d|human adult
child|children|طفل|أطفال|m|b|human
"""

# Occupations: english | plural | masculine | masculine plural | plural kind; the feminine adds ة and ات.
ROLES = """
teacher|teachers|معلم|معلمون|sm
doctor|doctors|طبيب|أطباء|d
engineer|engineers|مهندس|مهندسون|sm
student|students|طالب|طلاب|b
farmer|farmers|مزارع|مزارعون|sm
driver|drivers|سائق|سائقون|sm
nurse|nurses|ممرض|ممرضون|sm
baker|bakers|خباز|خبازون|sm
cook|cooks|طباخ|طباخون|sm
carpenter|carpenters|نجار|نجارون|sm
tailor|tailors|خياط|خياطون|sm
author|authors|مؤلف|مؤلفون|sm
painter|painters|رسام|رسامون|sm
pilot|pilots|طيار|طيارون|sm
merchant|merchants|تاجر|تجار|b
guard|guards|حارس|حراس|b
journalist|journalists|صحفي|صحفيون|sm
accountant|accountants|محاسب|محاسبون|sm
manager|managers|مدير|مديرون|sm
player|players|لاعب|لاعبون|sm
traveller|travellers|مسافر|مسافرون|sm
translator|translators|مترجم|مترجمون|sm
scientist|scientists|عالم|علماء|d
poet|poets|شاعر|شعراء|d
gardener|gardeners|بستاني|بستانيون|sm
guest|guests|ضيف|ضيوف|b
neighbour|neighbours|جار|جيران|b
friend|friends|صديق|أصدقاء|d
"""

# Relatives: english | arabic | gender
KIN = """
father|والد|m
mother|والدة|f
brother|شقيق|m
sister|شقيقة|f
son|ابن|m
daughter|ابنة|f
grandfather|جد|m
grandmother|جدة|f
uncle|عم|m
aunt|عمة|f
"""

# english | masculine | human masculine plural ("+" sound) | comparative en | comparative ar ("-" none) | tags
ADJECTIVES = """
big|كبير|كبار|bigger|أكبر|animal object place vehicle furniture nature clothes
small|صغير|صغار|smaller|أصغر|animal object place vehicle furniture nature clothes
new|جديد|جدد|newer|أحدث|object place vehicle furniture clothes human
old|قديم|قدماء|older|أقدم|object place vehicle furniture clothes
beautiful|جميل|+|more beautiful|أجمل|animal object place vehicle clothes nature plant readable
long|طويل|طوال|longer|أطول|readable nature
tall|طويل|طوال|taller|أطول|human plant built
short|قصير|قصار|shorter|أقصر|human readable plant
elderly|مسن|+|-|-|human
young|شاب|شباب|-|-|adult role
clean|نظيف|+|cleaner|أنظف|object place furniture clothes vehicle
dirty|متسخ|+|-|-|object place furniture clothes vehicle
heavy|ثقيل|+|heavier|أثقل|object furniture vehicle
light|خفيف|+|lighter|أخف|object
fast|سريع|+|faster|أسرع|animal vehicle
slow|بطيء|+|slower|أبطأ|animal vehicle
cheap|رخيص|+|cheaper|أرخص|object clothes vehicle food
strong|قوي|أقوياء|stronger|أقوى|human animal
weak|ضعيف|ضعفاء|weaker|أضعف|human animal
rich|غني|أغنياء|richer|أغنى|human
poor|فقير|فقراء|poorer|أفقر|human
happy|سعيد|سعداء|happier|أسعد|human mood
sad|حزين|+|-|-|human mood
tired|متعب|+|-|-|human mood
sick|مريض|مرضى|-|-|human mood animal
hungry|جائع|جياع|-|-|human mood animal
angry|غاضب|+|-|-|human mood
busy|مشغول|+|-|-|human mood
kind|لطيف|لطفاء|kinder|ألطف|human
brave|شجاع|شجعان|braver|أشجع|human
clever|ذكي|أذكياء|cleverer|أذكى|human animal
lazy|كسول|كسالى|-|-|human animal
honest|صادق|+|-|-|human
generous|كريم|كرماء|more generous|أكرم|human
famous|مشهور|+|-|-|role human place
skilled|ماهر|+|-|-|role
polite|مهذب|+|-|-|human
quiet|هادئ|+|quieter|أهدأ|human place nature animal
hot|حار|+|hotter|أحر|weather
warm|دافئ|+|warmer|أدفأ|weather clothes
cold|بارد|+|colder|أبرد|weather drink
delicious|لذيذ|+|-|-|food
fresh|طازج|+|-|-|food
wide|واسع|+|wider|أوسع|place nature
narrow|ضيق|+|narrower|أضيق|built
deep|عميق|+|deeper|أعمق|water
empty|فارغ|+|-|-|place openable
open|مفتوح|+|-|-|openable shop
closed|مغلق|+|-|-|openable shop
broken|مكسور|+|-|-|object furniture openable
easy|سهل|+|easier|أسهل|readable
difficult|صعب|+|more difficult|أصعب|readable
important|مهم|+|more important|أهم|readable role
useful|مفيد|+|more useful|أنفع|readable object
dangerous|خطير|+|more dangerous|أخطر|animal
modern|حديث|+|-|-|place vehicle built
dark|مظلم|+|-|-|place nature
crowded|مزدحم|+|-|-|place
wooden|خشبي|+|-|-|furniture openable object
round|مستدير|+|-|-|furniture object
lost|مفقود|+|-|-|object
funny|مضحك|+|-|-|readable human
"""

# english | masculine | feminine
COLOURS = """
red|أحمر|حمراء
blue|أزرق|زرقاء
green|أخضر|خضراء
yellow|أصفر|صفراء
white|أبيض|بيضاء
black|أسود|سوداء
brown|بني|بنية
grey|رمادي|رمادية
pink|وردي|وردية
purple|بنفسجي|بنفسجية
orange|برتقالي|برتقالية
golden|ذهبي|ذهبية
"""

# english base | past | -ing | arabic past | present | irregular forms | object's preposition | object's tags
# | adjuncts
# forms: fs past 3f.sg; st stem before ت/نا/ن; ju jussive; mp past 3m.pl; pp present 3m.pl; im imperative
VERBS = """
buy|bought|buying|اشترى|يشتري|fs=اشترت st=اشتري ju=يشتر mp=اشتروا pp=يشترون||object clothes food vehicle|shop for time
sell|sold|selling|باع|يبيع|st=بع ju=يبع||object clothes food vehicle furniture|in time
eat|ate|eating|أكل|يأكل|im=كل||food|in time with
eat|ate|eating|تناول|يتناول|||food|in time with
drink|drank|drinking|شرب|يشرب|im=اشرب||drink|in time with
read|read|reading|قرأ|يقرأ|mp=قرؤوا pp=يقرؤون im=اقرأ||readable|in time
write|wrote|writing|كتب|يكتب|im=اكتب||written|in time for
see|saw|seeing|رأى|يرى|fs=رأت st=رأي ju=ير mp=رأوا pp=يرون||animal role human vehicle sky nature|in time
see|saw|seeing|شاهد|يشاهد|||animal role human vehicle sky nature|in time
visit|visited|visiting|زار|يزور|st=زر ju=يزر||place nature city name kin|with time
carry|carried|carrying|حمل|يحمل|im=احمل||object furniture|to time
open|opened|opening|فتح|يفتح|im=افتح||openable|time
close|closed|closing|أغلق|يغلق|im=أغلق||openable|time
clean|cleaned|cleaning|نظف|ينظف|im=نظف||place furniture vehicle openable|time
wash|washed|washing|غسل|يغسل|im=اغسل||clothes vehicle fruit|in time
find|found|finding|وجد|يجد|||object animal clothes|in time
lose|lost|losing|فقد|يفقد|||object clothes|in time
lose|lost|losing|أضاع|يضيع|st=أضع ju=يضع||object clothes|in time
break|broke|breaking|كسر|يكسر|||object openable furniture|time
fix|fixed|fixing|أصلح|يصلح|im=أصلح||vehicle openable furniture|for time
draw|drew|drawing|رسم|يرسم|im=ارسم||drawn animal|in time
cook|cooked|cooking|طبخ|يطبخ|im=اطبخ||cooked|for in time
bring|brought|bringing|أحضر|يحضر|im=أحضر||object food drink|to time
take|took|taking|أخذ|يأخذ|im=خذ||object clothes|to time
send|sent|sending|أرسل|يرسل|im=أرسل||sendable|toperson time
build|built|building|بنى|يبني|fs=بنت st=بني ju=يبن mp=بنوا pp=يبنون||built|near time
help|helped|helping|ساعد|يساعد|im=ساعد||role human name kin|in time
meet|met|meeting|قابل|يقابل|||role human name kin|in time
thank|thanked|thanking|شكر|يشكر|im=اشكر||role human name kin|time
wait for|waited for|waiting for|انتظر|ينتظر|im=انتظر||role name kin vehicle|in time
look for|looked for|looking for|بحث|يبحث|im=ابحث|عن|object animal role clothes|in time
look at|looked at|looking at|نظر|ينظر|im=انظر|إلى|sky drawn nature animal|time
listen to|listened to|listening to|استمع|يستمع|im=استمع|إلى|role kin name|in time
study|studied|studying|درس|يدرس|im=ادرس||subject|in time
learn|learned|learning|تعلم|يتعلم|im=تعلم||subject|in time
remember|remembered|remembering|تذكر|يتذكر|||name readable role|time
forget|forgot|forgetting|نسي|ينسى|fs=نسيت st=نسي ju=ينس mp=نسوا pp=ينسون||object clothes|in time
understand|understood|understanding|فهم|يفهم|||readable|time
go to|went to|going to|ذهب|يذهب|im=اذهب|إلى|place city nature|vehicle with time
travel to|travelled to|travelling to|سافر|يسافر|im=سافر|إلى|city|vehicle with time
return to|returned to|returning to|عاد|يعود|st=عد ju=يعد|إلى|place city|vehicle with time
return to|returned to|returning to|رجع|يرجع||إلى|place city|vehicle with time
leave|left|leaving|غادر|يغادر|||place city|with time
enter|entered|entering|دخل|يدخل|im=ادخل||place|with time
work in|worked in|working in|عمل|يعمل||في|place|with time
sit|sat|sitting|جلس|يجلس|im=اجلس|||on in near with time
stand|stood|standing|وقف|يقف|im=قف|||near time
sleep|slept|sleeping|نام|ينام|st=نم ju=ينم|||in on time
play|played|playing|لعب|يلعب|im=العب|||in with time
run|ran|running|ركض|يركض||||in with time
walk|walked|walking|مشى|يمشي|fs=مشت st=مشي ju=يمش mp=مشوا pp=يمشون|||in with time
swim|swam|swimming|سبح|يسبح||||water with time
laugh|laughed|laughing|ضحك|يضحك||||in with time
cry|cried|crying|بكى|يبكي|fs=بكت st=بكي ju=يبك mp=بكوا pp=يبكون|||in time
sing|sang|singing|غنى|يغني|fs=غنت st=غني ju=يغن mp=غنوا pp=يغنون|||in with time
drive|drove|driving|قاد|يقود|st=قد ju=يقد||drive|to time
ride|rode|riding|ركب|يركب|||ride|in time
wear|wore|wearing|ارتدى|يرتدي|fs=ارتدت st=ارتدي ju=يرتد mp=ارتدوا pp=يرتدون||clothes|in time
wear|wore|wearing|لبس|يلبس|||clothes|in time
plant|planted|planting|زرع|يزرع|im=ازرع||plant|in time
feed|fed|feeding|أطعم|يطعم|im=أطعم||animal|in time
follow|followed|following|تبع|يتبع|||animal role human|to time
need|needed|needing|احتاج|يحتاج|st=احتج ju=يحتج|إلى|object clothes food drink|time
want|wanted|wanting|أراد|يريد|st=أرد ju=يرد||object clothes food drink|time
"""

# english | arabic | accusative ("=" same: diptotes and names in ى or ا; "-" not used as an object)
MEN = """
Sami|سامي|-
Khaled|خالد|خالدًا
Ahmed|أحمد|=
Youssef|يوسف|=
Ali|علي|عليًا
Hassan|حسن|حسنًا
Karim|كريم|كريمًا
Tariq|طارق|طارقًا
Ziad|زياد|زيادًا
Nabil|نبيل|نبيلًا
Majid|ماجد|ماجدًا
Hamza|حمزة|=
Walid|وليد|وليدًا
Ibrahim|إبراهيم|=
Bilal|بلال|بلالًا
Faisal|فيصل|فيصلًا
Salem|سالم|سالمًا
Nasser|ناصر|ناصرًا
Rashid|راشد|راشدًا
Ismail|إسماعيل|=
Anwar|أنور|=
Fadi|فادي|-
Talal|طلال|طلالًا
Yaqub|يعقوب|=
"""
WOMEN = """
Layla|ليلى|=
Sara|سارة|=
Mariam|مريم|=
Fatima|فاطمة|=
Huda|هدى|=
Salma|سلمى|=
Rania|رانيا|=
Dina|دينا|=
Amina|أمينة|=
Zainab|زينب|=
Khadija|خديجة|=
Lina|لينا|=
Nadia|نادية|=
Samira|سميرة|=
Yasmin|ياسمين|=
Aisha|عائشة|=
Basma|بسمة|=
Ghada|غادة|=
Suha|سهى|=
Maha|مها|=
Rima|ريما|=
Hanan|حنان|=
Lubna|لبنى|=
Nawal|نوال|=
"""

# capital | arabic | country | arabic
CAPITALS = """
Cairo|القاهرة|Egypt|مصر
Damascus|دمشق|Syria|سوريا
Baghdad|بغداد|Iraq|العراق
Amman|عمان|Jordan|الأردن
Beirut|بيروت|Lebanon|لبنان
Riyadh|الرياض|Saudi Arabia|السعودية
Doha|الدوحة|Qatar|قطر
Paris|باريس|France|فرنسا
London|لندن|Britain|بريطانيا
Rome|روما|Italy|إيطاليا
Berlin|برلين|Germany|ألمانيا
Tokyo|طوكيو|Japan|اليابان
Beijing|بكين|China|الصين
Moscow|موسكو|Russia|روسيا
"""

SUBJECTS = """
mathematics|الرياضيات
history|التاريخ
geography|الجغرافيا
music|الموسيقى
chemistry|الكيمياء
physics|الفيزياء
Arabic|اللغة العربية
English|اللغة الإنجليزية
"""

DAYS = """
Saturday|السبت
Sunday|الأحد
Monday|الاثنين
Tuesday|الثلاثاء
Wednesday|الأربعاء
Thursday|الخميس
Friday|الجمعة
"""

MONTHS = """
January|يناير
February|فبراير
March|مارس
April|أبريل
May|مايو
June|يونيو
July|يوليو
August|أغسطس
September|سبتمبر
October|أكتوبر
November|نوفمبر
December|ديسمبر
"""

# english | arabic, by the tense they go with
PAST_TIMES = """
yesterday|أمس
last week|الأسبوع الماضي
last month|الشهر الماضي
last year|العام الماضي
two days ago|قبل يومين
this morning|هذا الصباح
last night|الليلة الماضية
"""
PRESENT_TIMES = """
every day|كل يوم
every morning|كل صباح
every evening|كل مساء
in the morning|في الصباح
at night|في الليل
on Fridays|في أيام الجمعة
sometimes|أحيانًا
always|دائمًا
"""
FUTURE_TIMES = """
tomorrow|غدًا
next week|الأسبوع القادم
next month|الشهر القادم
next year|العام القادم
after two days|بعد يومين
soon|قريبًا
"""
