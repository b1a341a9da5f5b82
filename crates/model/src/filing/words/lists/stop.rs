//! Grammar of seven languages, and what the networks add ("rt", "via", "https"). One or two letters alone are never looked up.

pub(super) const WORDS: &[&str] = &[
    // English
    "a about above across actually after again against all almost along already also although always am among an and any \
     anyone anything are aren around as at away b back be became because been before behind being below between both but by c can \
     cannot could couldn d did didn do does doesn doing don done down during e each either else enough etc even ever every f far few \
     for from further g get gets getting give given go goes going gone got h had has hasn have haven having he hello her here hers \
     herself hey hi him himself his how however i if in indeed instead into is isn it its itself j just k keep l let lets ll m many \
     may maybe me might more most much must my myself n near need needs neither never no nobody nor not nothing now o of off oh ok \
     okay on once one ones only onto or other others our ours out over own p per perhaps put q quite r rather re really s said same \
     say saying says see seem seems seen shall she should shouldn since so some somebody someone something soon still such t take \
     taken takes taking than that the their theirs them themselves then there these they thing things this those though through thus \
     till to too toward towards u under until up upon us use used using v ve very via w want wants was wasn way we well went were \
     weren what whatever when where whether which while who whole whom whose why will with within without won would wouldn x y yes yet \
     you your yours yourself z two three four five first second third last next another lot lots bit make makes made making like",
    // German
    "aber alle allem allen aller alles als also am an ander andere anderen anderer anderes auch auf aus bei beim bin bis bist da dabei \
     dadurch daher damit danach dann daran darauf daraus darin darum das dass davon dazu dein deine dem den denen denn der deren des \
     deshalb dessen dich die dies diese diesem diesen dieser dieses dir doch dort du durch eben ein eine einem einen einer eines einfach \
     einige einmal er es etwa etwas euch euer eure fur gab ganz ganze gar gegen gehen geht gemacht genau gerade gern gibt gleich gut \
     habe haben hat hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in ins ist ja jede jedem jeden \
     jeder jedes jemand jetzt kann kannst kein keine keinem keinen keiner kommen kommt konnen konnte konnten lassen machen macht man \
     mal mehr mein meine meinem meinen meiner mich mir mit mochte muss mussen nach nein nicht nichts nie nieder noch nun nur ob oder \
     ohne schon sehr sein seine seinem seinen seiner seit sich sie sind so sogar solche soll sollen sollte sollten sondern sonst \
     statt uber um und uns unser unsere unter viel viele vielen vom von vor wahrend wann war waren warum was wegen weil weiter welche \
     welchem welchen welcher wenn wer werde werden wie wieder wieso will wir wird wirklich wo woher wohl wollen wollte worden wurde \
     wurden zu zum zur zwar zwei zwischen bissl halt wohin euren unseren unserer unserem fuer ueber koennen",
    // French
    "ai ainsi alors apres au aucun aucune aussi autour autre autres aux avant avec avez avoir avons ca car ce ceci cela celle celles \
     celui ces cet cette ceux chaque chez ci comme comment contre dans de dedans dehors deja depuis des dessous dessus deux devant \
     devrait doit donc dont du elle elles en encore entre est et etaient etait etant ete etes etre eu eux fait faire faut fois font \
     hors ici il ils je jusque la laquelle le lequel les lesquels leur leurs lors lorsque lui ma mais malgre me meme memes mes mieux \
     moi moins mon ne ni non nos notre nous on ont ou par parce parfois parmi pas pendant peu peut peuvent plus plusieurs plutot pour \
     pourquoi pouvez pouvoir pres puis qu quand que quel quelle quelles quelque quelques quels qui quoi sa sans sauf se selon sera \
     serait ses seulement si sien soit son sont sous souvent sur ta tandis te tel telle tellement tels tes toi ton toujours tous tout \
     toute toutes tres trop tu un une va vais vers veut voici voila vont vos votre vous vraiment vu y aime faites bien dire dit",
    // Spanish
    "al algo algun alguna algunas algunos alli ante antes aquel aquella aqui aun aunque bajo cada casi como con contra cual cuales \
     cuando cuanto de del desde donde dos durante el ella ellas ellos en entonces entre era eran es esa esas ese eso esos esta estaba \
     estado estamos estan estar estas este esto estos estoy fue fueron ha haber habia han hasta hay hace hacer hacia he hemos hoy la \
     las le les lo los mas me mi mientras mis mismo mucha muchas mucho muchos muy nada ni nos nosotros nuestra nuestro nunca o os otra \
     otras otro otros para pero poco por porque pues puede pueden que quien se sea segun ser si sido siempre sin sino sobre solo somos \
     son soy su sus tal tambien tan tanto te tener tengo ti tiene tienen toda todas todo todos tras tu tus un una unas uno unos usted \
     va vamos van voy y ya yo bien asi aca ahora",
    // Italian
    "abbiamo ad agli ai al alcuni alla alle allo allora altra altre altri altro anche ancora avere bene che chi ci cioe col come con \
     cosa cosi cui da dal dalla dalle dallo dei degli del della delle dello dentro di dopo dove due e ecco ed ella era erano essere fa \
     fare fatto fino fra gia gli ha hai hanno ho i il in io la le lei li lo loro ma me mentre mi mia mie miei mio molta molti molto ne \
     negli nei nel nella nelle nello nessuno no noi non nostra nostro o ogni oggi oppure ora per perche pero piu poco poi prima proprio \
     puo qua quale quali quando quanto quasi quella quelle quelli quello questa queste questi questo qui sara se sei sempre senza si \
     sia siamo siete so solo sono sopra sotto sta stata stato stesso su sua sue sugli sui sul sulla sulle suo suoi tra tu tua tue \
     tuo tutta tutte tutti tutto un una uno va vi via voi vostra vostro",
    // Dutch and Portuguese
    "aan af al alle als altijd andere ben bij daar dan dat de der deze die dit doch doen door dus een eens en er ge geen geweest haar \
     had heb hebben heeft hem het hier hij hoe hun iemand iets ik is ja je kan kon kunnen maar me meer men met mij mijn moet na naar \
     niet niets nog nu of om omdat ons onze ook op over reeds te tegen toch toen tot uit uw van veel voor wat we wel werd wezen wie \
     wil worden wordt zal ze zelf zich zij zijn zo zonder zou gaat gaan ook naast waar wij jullie",
    "ao aos aquela aquele aqui as ate bem cada com como da das de dela dele deles depois do dos e ela elas ele eles em entre era essa \
     esse esta estao estava este eu faz fazer foi foram ha isso isto ja la lhe mais mas me mesmo meu meus minha minhas muito muitos na \
     nao nas nem no nos nossa nosso num numa o os ou para pela pelas pelo pelos pode por porque qual quando que quem sao se sem ser \
     sera seu seus so sobre sua suas tambem tem temos tenho ter teu tudo um uma umas uns voce voces vou agora estou",
    // The networks
    "rt http https www com org html amp cc ping dm dms lol imho btw fyi tl dr omg ps haha",
];
