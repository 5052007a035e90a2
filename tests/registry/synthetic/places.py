"""Cities in which synthetic trials have sites, with coordinates and second spellings."""

from dataclasses import dataclass

_TABLE = """
United States|Boston,Massachusetts,42.36,-71.06|Houston,Texas,29.76,-95.37|Seattle,Washington,47.61,-122.33|Chicago,Illinois,41.88,-87.63|Atlanta,Georgia,33.75,-84.39|Denver,Colorado,39.74,-104.98|Miami,Florida,25.77,-80.19|Phoenix,Arizona,33.45,-112.07|Baltimore,Maryland,39.29,-76.61|Omaha,Nebraska,41.26,-95.94|Portland,Oregon,45.52,-122.68|Nashville,Tennessee,36.17,-86.78|Cleveland,Ohio,41.50,-81.69|Minneapolis,Minnesota,44.98,-93.26|San Diego,California,32.72,-117.16|Charlotte,North Carolina,35.23,-80.84|Salt Lake City,Utah,40.76,-111.89|New Orleans,Louisiana,29.95,-90.07|Pittsburgh,Pennsylvania,40.44,-80.00|Birmingham,Alabama,33.52,-86.80|Detroit,Michigan,42.33,-83.05|Richmond,Virginia,37.55,-77.46
Italy|Napoli=Naples,,40.85,14.27|Padova=Padua,,45.41,11.88|Milano=Milan,,45.46,9.19|Torino=Turin,,45.07,7.69|Firenze=Florence,,43.78,11.25|Bologna,,44.49,11.34
Germany|München=Munich,,48.14,11.58|Köln=Cologne,,50.94,6.96|Hamburg,,53.58,9.99|Leipzig,,51.34,12.37|Hannover=Hanover,,52.37,9.73|Dresden,,51.05,13.74
France|Lyon,,45.75,4.85|Marseille=Marseilles,,43.30,5.38|Lille,,50.63,3.06|Toulouse,,43.60,1.44|Nantes,,47.22,-1.55
Spain|Sevilla=Seville,,37.38,-5.97|Madrid,,40.42,-3.70|Barcelona,,41.39,2.16|Valencia,,39.47,-0.38|Zaragoza=Saragossa,,41.66,-0.88
United Kingdom|Leeds,,53.80,-1.55|Bristol,,51.46,-2.60|Glasgow,,55.87,-4.26|Cardiff,,51.48,-3.18
Canada|Toronto,Ontario,43.71,-79.40|Calgary,Alberta,51.05,-114.09|Halifax,Nova Scotia,44.65,-63.57|Winnipeg,Manitoba,49.88,-97.15
Poland|Warszawa=Warsaw,,52.23,21.01|Kraków=Krakow,,50.06,19.94|Gdańsk=Gdansk,,54.35,18.65|Poznań=Poznan,,52.41,16.93
China|Beijing,Beijing,39.91,116.40|Shanghai,Shanghai,31.22,121.46|Guangzhou,Guangdong,23.12,113.25|Chengdu,Sichuan,30.67,104.07|Wuhan,Hubei,30.58,114.27|Hangzhou,Zhejiang,30.29,120.16
Japan|Osaka,,34.69,135.50|Nagoya,,35.18,136.91|Sapporo,,43.07,141.35|Fukuoka,,33.60,130.42
South Korea|Seoul,,37.57,126.98|Busan,,35.10,129.03|Daegu,,35.87,128.59
Brazil|Porto Alegre,Rio Grande do Sul,-30.03,-51.23|Curitiba,Paraná,-25.43,-49.27|Salvador,Bahia,-12.97,-38.51|Recife,Pernambuco,-8.05,-34.88
India|Pune,,18.52,73.86|Hyderabad,,17.38,78.46|Jaipur,,26.92,75.79|Lucknow,,26.84,80.92
Australia|Perth,Western Australia,-31.95,115.86|Adelaide,South Australia,-34.93,138.60|Brisbane,Queensland,-27.47,153.03|Melbourne,Victoria,-37.81,144.96
Egypt|Cairo,,30.06,31.25|Alexandria,,31.20,29.92|Assiut=Asyut,,27.18,31.18
Netherlands|Utrecht,,52.09,5.12|Groningen,,53.22,6.57|Maastricht,,50.85,5.69
Belgium|Leuven=Louvain,,50.88,4.70|Gent=Ghent,,51.05,3.72|Liège=Luik,,50.64,5.57
Sweden|Göteborg=Gothenburg,,57.71,11.97|Uppsala,,59.86,17.64|Umeå=Umea,,63.83,20.26
Denmark|Aarhus,,56.16,10.21|Odense,,55.40,10.39
Czechia|Praha=Prague,,50.09,14.42|Brno,,49.20,16.61|Olomouc,,49.60,17.25
Austria|Wien=Vienna,,48.21,16.37|Graz,,47.07,15.45
Israel|Haifa,,32.82,34.99|Jerusalem,,31.77,35.22
Mexico|Guadalajara,Jalisco,20.68,-103.35|Monterrey,Nuevo León,25.68,-100.32|Puebla,Puebla,19.04,-98.20
Argentina|Rosario,Santa Fe,-32.95,-60.64|Mendoza,Mendoza,-32.89,-68.84
Taiwan|Taichung,,24.15,120.68|Tainan,,22.99,120.21
"""  # noqa: E501 - a table


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A city; ``other``: a second spelling that the registry changes to and from."""

    name: str
    other: str | None
    state: str | None
    country: str
    lat: float
    lon: float


def _read(table: str) -> tuple[City, ...]:
    found = []
    for line in table.strip().splitlines():
        country, *cities = line.split("|")
        for text in cities:
            names, state, lat, lon = text.split(",")
            name, _, other = names.partition("=")
            found.append(
                City(
                    name=name, other=other or None, state=state or None,
                    country=country, lat=float(lat), lon=float(lon),
                )
            )  # fmt: skip
    return tuple(found)


CITIES = _read(_TABLE)
COUNTRIES = tuple(dict.fromkeys(city.country for city in CITIES))
BY_COUNTRY = {
    country: tuple(at for at, city in enumerate(CITIES) if city.country == country)
    for country in COUNTRIES
}
