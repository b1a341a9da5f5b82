//! Words that say little at any conference: praise, people, work, what every abstract promises. They weigh a third.

pub(super) const WORDS: &[&str] = &[
    // English
    "abstract academic amazing announce announced answer answers approach approaches ask asked asking audience available awesome \
     background bad basic basics beautiful became become best better big brilliant bring bringing brings build building built business \
     called came case cases challenge challenges change changes check clear close code come comes coming common community companies \
     company complete completely computer computers concept concepts contributor contributors cool course create created creating \
     current data day days deep design details develop developed developer developers developing development different difficult \
     digital discuss discussed discussion easy end ended enjoy enjoyed example examples excellent excited exciting experience \
     experiences explain explained explains fact family fantastic fast favorite favourite feature features feel field fine follow found \
     friend friends full fun funny future game general good great group guys hand happen happened happens happy hard hear heard help \
     helps high hope hour hours house idea ideas important impressed improve include including information insight insights \
     inspiring interested interesting internet introduce introduction issue issues job join kind knew know knowledge known language \
     large late later learn learned learning left level life live local long look looking looks lost love loved low main major man \
     matter mean means mind minute minutes modern moment money month months morning need new nice night number old online open order \
     overview part participants past people person perfect place plan play please point points possible power practical practice \
     presents problem problems process production program programming project projects provide question questions quick quickly read \
     ready real reality reason recent recently research researcher researchers resources result results right run running sad save \
     science seeing sense set share shared sharing short show showed showing shown shows similar simple simply sit sitting small social \
     software solution solutions sort source stand start started starting starts state stay step stop stories story stuff sure system \
     systems talked talking team tech technical techniques technologies technology tell test thank thanks thanx think thinking thought \
     time times tips today together told tomorrow tonight tool tools top topic topics totally tried true try trying turn type understand \
     understanding useful user users version video view waiting walk watch watched watching ways web week weeks welcome wonderful word \
     words work worked working works world worth write writing written wrong year years yesterday young effective applications \
     application implementation implement framework platform everyone everybody woman women men kids picture photo pictures photos \
     room rooms stage track tracks seats seat crowd packed applause standing ovation recording recordings recorded stream streams \
     streaming livestream slides slide keynote panel workshop workshops sessions session talks talk presentation presentations speaker \
     speakers lecture demo demos conference event",
    // German
    "abend aktuell aktuelle arbeit beispiel beispiele beste besten bild bilder bitte danke dank daten entwickeln entwicklung \
     erfahrung erfahrungen erste ersten ersten frage fragen freude freue freuen freunde funktioniert gehort gelernt gesehen grosse grossen \
     grosser grossartig heute hilfe hoffe idee ideen infos interessant interessante jahr jahre jahren jemals klasse konkret kurz kurze \
     lang lange leben leider lernen leute lieber losung losungen mensch menschen minuten moderne moglich moglichkeit moglichkeiten \
     morgen nacht neu neue neuen neuer neues notig passiert problem probleme projekt projekte publikum raum richtig sagen sagt schnell \
     schon schone schoner spannend spannende spannender stunde stunden super system systeme tage tag tagen teil thema themen toll tolle \
     toller unbedingt uhr verschiedene verstehen vielleicht voll vortrag vortrage welt wichtig wichtige wissen woche ziel zeigen zeigt \
     zeit zukunft zusammen folien bilder saal kluge gute guten guter gutes beim besser gestern einblick einblicke einfuhrung",
    // French
    "annee annees aujourd hui beau beaucoup belle besoin bon bonjour bonne bonnes bons bravo but choses chose code comprendre conference \
     decouvrir demain demarche differents discussion donnees exemple exemples experience facile facon grand grande grands heure \
     heures hier idee idees important interessant interessante jour journee jours langage merci mettre minutes mise mois monde nouveau \
     nouvelle nouvelles nouveaux outil outils petit petite permet permettre personnes place point presentation presente presenter \
     probleme problemes projet projets public question questions rendez retour salle savoir simple solution solutions suite sujet super \
     systeme systemes temps travail travaux trouver utilisateurs utilisation utiliser version vie vient voir vrai passionnant \
     passionnante genial geniale excellente excellent felicitations equipe cadre oeuvre mise service services",
    // Spanish
    "ahora anos ano buen buena buenas bueno buenos codigo cosas datos desarrollo dia dias ejemplo ejemplos experiencia forma gente \
     gracias gran grande grandes hoy hora horas idea ideas importante interesante manana mejor mejores minutos mundo nueva nuevas nuevo \
     nuevos persona personas pregunta preguntas presentacion problema problemas proyecto proyectos publico sala sistema sistemas tema \
     temas tiempo trabajo usar uso usuarios vez veces vida ver vista genial excelente increible herramientas equipo enhorabuena",
    // Italian
    "adesso anni anno bella bello bravi bravo buona buono codice cose dati domanda domande domani esempio esperienza fantastico gente \
     giorno giorni grande grandi grazie idea idee ieri importante interessante lavoro meglio minuti modo mondo nuova nuove nuovi nuovo \
     ore parte persone possibile presentazione problema problemi progetto progetti pubblico sala sistema sistemi soluzione strumenti \
     tema tempo utenti vita volta vedere complimenti",
    // Dutch and Portuguese
    "beter dag dagen dank bedankt eerste gegevens goed goede grote idee interessant interessante jaar jaren leuk leuke mensen minuten \
     mooi mooie morgen nieuw nieuwe probleem project publiek samen systeem tijd uur vandaag vraag vragen week werk wereld zaal zien",
    "ano anos boa bom coisa coisas dados dia dias exemplo experiencia gente grande hoje hora ideia importante interessante melhor \
     minutos mundo nova novas novo novos obrigada obrigado otimo pergunta perguntas pessoas problema problemas projeto projetos \
     publico sala sistema sistemas tempo trabalho usar vez vida incrivel excelente equipe parabens",
];
