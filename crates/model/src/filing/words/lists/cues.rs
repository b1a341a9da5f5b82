//! Words that tell what kind of post it is: about food and travel, from a seat in the audience, before, after, one's own.

/// About the event and its surroundings, not about a talk.
pub(super) const WIDE: &[&str] = &[
    "lunch dinner breakfast brunch coffee espresso cappuccino tea beer beers pizza cake food vegan vegetarian hungry buffet snack \
     snacks sandwich sandwiches catering bar pub restaurant wifi wlan eduroam ssid queue queueing queuing badge badges lanyard lanyards \
     ticket tickets registration checkin hotel hostel airbnb train trains flight flights airport tram taxi uber shuttle parking \
     toilet toilets restroom restrooms bathroom party karaoke afterparty tshirt tshirts shirt merch sticker stickers swag umbrella \
     weather rain raining sunny cloakroom wardrobe charger adapter chargers lostandfound volunteers volunteer helpers organisers \
     organizers organiser organizer sponsors sponsor booth booths shower showers tired jetlag hangover luggage suitcase venue \
     socialevent cocktail cocktails drinks breakfasts lift elevator picnic barbecue bbq headache sunburn",
    "mittagessen essen fruhstuck abendessen kaffee kaffeepause bier kuchen schlange anstehen garderobe zug bahn bahnhof flug flughafen \
     strassenbahn ubahn parkplatz klo toilette toiletten wetter regen helfer helferinnen engel orga anreise heimreise heimfahrt \
     abreise unterkunft hunger mude feier regnet verpflegung aufkleber veranstalter mensa",
    "dejeuner repas petitdej cafe biere gateau vestiaire gare hotel avion tramway toilettes meteo pluie organisateurs organisatrices \
     benevoles apero aperitif soiree parapluie croissants traiteur faim tgv covoiturage buvette",
    "comida almuerzo desayuno cena cerveza cervezas tren vuelo aeropuerto bano banos fiesta organizadores organizadoras voluntarios \
     lluvia tapas hambre pegatinas merienda",
    "pranzo colazione caffe birra birre treno volo aeroporto bagno bagni festa organizzatori volontari pioggia fame pausa aperitivo \
     spritz adesivi navetta cibo",
    "koffie ontbijt avondeten bier trein vlucht vliegveld feest organisatie vrijwilligers eten honger regen \
     almoco jantar cerveja comboio trem voo banheiro organizadores voluntarios chuva fome lanche",
];

/// The event as a whole.
pub(super) const SOFT: &[&str] = &[
    "conference congress convention event venue everyone everybody attendees goodbye bye arrived arriving home goodnight community \
     city hallway hallwaytrack weekend closing selfie",
    "konferenz kongress veranstaltung angekommen tschuss wochenende zuhause gelande",
    "congres evenement colloque arrivee arrive rentre maison",
    "congreso evento llegado llegando finde convegno arrivati arrivato casa congresso congres evenement aangekomen",
];

/// Written from a seat in the audience.
pub(super) const LISTENING: &[&str] = &[
    "speaker speakers slide slides demo demos live audience listening presenting presenter presents explains explaining applause lecture \
     keynote panel qa livedemo stagefright mic microphone shows showing demonstrates quote quotes",
    "redner rednerin referent referentin folie folien zeigt erklart vorgefuhrt publikum applaus gerade zuhoren vorfuhrung",
    "orateur oratrice diapo diapos diapositive montre explique presente demonstration applaudissements planche",
    "ponente ponentes diapositiva diapositivas explica muestra demostracion presentando \
     relatore relatrice relatori spiega mostra dimostrazione presentando",
    "spreker dia laat uitleg orador oradora palestrante mostra",
];

/// A talk, or what programmes call one.
pub(super) const TALK: &[&str] = &[
    "talk talks session sessions presentation presentations keynote lecture panel workshop lightning tutorial",
    "vortrag vortrage vortrags vortraege session workshop panel referat prasentation",
    "conf conference presentation expose atelier table tutoriel exposes",
    "charla charlas ponencia ponencias presentacion taller conferencia mesa",
    "intervento interventi talk presentazione seminario seduta lezing presentatie sessie praatje palestra palestras apresentacao oficina",
];

/// Still to come.
pub(super) const AHEAD: &[&str] = &[
    "soon next upcoming later tomorrow tonight awaiting heading gonna ready",
    "gleich nachher spater morgen bald demnachst nachste nachster nachstes vorfreude",
    "bientot prochain prochaine demain impatient impatiente hate prochainement",
    "pronto proximo proxima manana luego presto prossimo prossima domani fra straks morgen volgende binnenkort amanha breve",
];

/// The writer's own.
pub(super) const MINE: &[&str] = &[
    "my our mine ours mein meine meinem meinen meiner unser unsere unserem unseren mon ma mes notre nos mi mis nuestra nuestro mio \
       mia miei mie nostra nostro mijn onze meu minha meus nossa nosso",
];

/// Over.
pub(super) const PAST: &[&str] = &[
    "yesterday earlier recap recording recordings slides thread writeup afterwards recorded uploaded rewatch rewatching",
    "gestern vorhin aufzeichnung aufzeichnungen nachlese hier enregistrement rediffusion replay",
    "ayer grabacion ieri registrazione gisteren opname ontem gravacao",
];

/// A place in a building.
pub(super) const ROOM: &[&str] =
    &["room hall stage track auditorium theatre theater saal raum halle buhne horsaal zelt salle amphi \
      amphitheatre scene sala aula auditorio palco escenario zaal podium tent lab"];

/// Slots that are no talks when their titles hold nothing else.
pub(super) const BREAK: &[&str] = &[
    "break breaks lunch coffee dinner breakfast registration checkin pause pausen mittagspause kaffeepause mittagessen fruhstuck \
     abendessen einlass dejeuner repas cafe accueil inscription inscriptions petit diner almuerzo comida descanso registro cena pranzo \
     pausa registrazione colazione accoglienza koffiepauze koffie registratie intervalo almoco cafes tea doors social networking \
     badges party apero aperitif cocktail buffet soiree gala reserved tba tbd break changeover setup",
];

pub(super) const WIDE_PAIRS: &[&str] = &[
    "club mate, lost property, power outlet, power socket, social event, main entrance, info desk, info point, info booth, front desk, \
     coat check, train station, bus stop, group photo, family photo, see everyone, thanks organizers, thanks organisers, phone charger, \
     laptop charger, usb charger, water bottle, code conduct, good morning, guten morgen, bonne nuit, gute nacht, good night, \
     buenos dias, buongiorno tutti, lost my, found a, anybody found, anyone found, next year, nachstes jahr, annee prochaine, proximo ano, \
     prossimo anno, volgend jaar, ano proximo, way home, on site, heading home, fast bahn, deutsche bahn, file attente, pause dejeuner",
];

pub(super) const SOFT_PAIRS: &[&str] = &[
    "first day, last day, day one, day two, day three, great conference, great event, what a, the organizers, the organisers, thank you, \
     met so, meeting people, great people, many people, see you, so many, erster tag, letzter tag, tag eins, tag zwei, premier jour, \
     premiere journee, deuxieme jour, dernier jour, primer dia, ultimo dia, primo giorno, ultimo giorno, eerste dag, laatste dag, \
     primeiro dia, wir sehen, bis morgen, a demain, hasta manana, a domani, tot morgen, grazie tutti, merci tous, gracias todos, danke alle",
];

pub(super) const LISTENING_PAIRS: &[&str] = &[
    "this talk, this session, this presentation, the talk, great talk, good talk, nice talk, excellent talk, interesting talk, best talk, \
     and now, now the, right now, q a, live demo, on stage, diesem vortrag, dieser vortrag, der vortrag, toller vortrag, guter vortrag, \
     jetzt kommt, und jetzt, cette conf, cette conference, cette presentation, super conf, la conf, et maintenant, en direct, \
     esta charla, esta ponencia, la charla, y ahora, gran charla, questo talk, questo intervento, il talk, bel talk, e adesso, e ora, \
     deze talk, deze lezing, en nu, esta palestra, e agora, just said, just showed, is showing, is explaining",
];

pub(super) const AHEAD_PAIRS: &[&str] = &[
    "looking forward, about to, up next, coming up, can wait, cant wait, t wait, going to, will be, starts in, starting soon, on my, \
     see you, join us, join me, come to, waiting for, freue mich, freuen uns, geht los, los geht, gleich im, bin gespannt, tres hate, \
     j ai, hate de, hate d, va commencer, je vais, vais voir, voy a, ganas de, a punto, empieza en, vado a, sta per, sto per, non vedo, \
     inizia tra, kijk uit, ga naar, zin in, vou ver, vai comecar, mal posso, don miss, not miss",
];

pub(super) const PAST_PAIRS: &[&str] = &[
    "thinking about, still thinking, last night, this morning, re watch, missed the, heute morgen, gestern abend, ce matin, hier soir, \
     esta manana, anoche, stamattina, favourite talk, favorite talk, best talk, talk of, slides from, recording of, video of",
];

/// Slots that every programme has, under the word that comes first.
pub(super) const SAME: &[&str] = &[
    "opening eroffnung eroffnungsfeier ouverture apertura inauguracion inaugurazione abertura eroeffnung begrussung",
    "closing abschluss abschlussveranstaltung cloture fermeture clausura cierre chiusura encerramento afsluiting schlussveranstaltung",
    "keynote keynotes pleniere pleniaire plenaria plenary plenum",
    "lightning blitzvortrage blitzvortrag eclair eclairs relampago relampagos fulmine bliksem",
];
