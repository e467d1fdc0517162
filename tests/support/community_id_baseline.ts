/**
 * Community IDs that others computed: the specification's own baseline (github.com/corelight/community-id-spec, one
 * line for each flow), and behind it tuples given to its authors' calculator (PyPI communityid 1.5), for cases that
 * the baseline lacks.
 */
export interface CommunityIdCase {
  protocol: number;
  source: string;
  destination: string;
  /** ICMP: type and code. Left out: the protocol has no ports. */
  ports?: readonly [source: number, destination: number];
  /** With seed 0, and with seed 1. */
  ids: readonly [string, string];
}

export const SPECIFICATION_BASELINE: readonly CommunityIdCase[] = [
  {
    protocol: 58,
    source: "fe80::200:86ff:fe05:80da",
    destination: "fe80::260:97ff:fe07:69ea",
    ports: [135, 0],
    ids: ["1:dGHyGvjMfljg6Bppwm3bg0LO8TY=", "1:kHa1FhMYIT6Ym2Vm2AOtoOARDzY="],
  },
  {
    protocol: 58,
    source: "fe80::260:97ff:fe07:69ea",
    destination: "fe80::200:86ff:fe05:80da",
    ports: [135, 0],
    ids: ["1:zavyT/cezQr1fmImYCwYnMXbgck=", "1:2hSqmsDZ2kdcY9kbiUzOEBic0iM="],
  },
  {
    protocol: 58,
    source: "3ffe:501:1800:2345::2",
    destination: "3ffe:507:0:1:200:86ff:fe05:80da",
    ports: [3, 0],
    ids: ["1:2ObVBgIn28oZvibYZhZMBgh7WdQ=", "1:lVEtCZpYu84Xqaa++3lXFyuu2n4="],
  },
  {
    protocol: 58,
    source: "3ffe:501:410:0:2c0:dfff:fe47:33e",
    destination: "3ffe:507:0:1:200:86ff:fe05:80da",
    ports: [1, 4],
    ids: ["1:hLZd0XGWojozrvxqE0dWB1iM6R0=", "1:W8MHwXpWzpoSTD+cGcaJr4u0ys8="],
  },
  {
    protocol: 58,
    source: "3ffe:507:0:1:200:86ff:fe05:80da",
    destination: "3ffe:501:0:1001::2",
    ports: [128, 0],
    ids: ["1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=", "1:GfZxjAkDk2MkegpBYHV6tadtFXQ="],
  },
  {
    protocol: 58,
    source: "fe80::200:86ff:fe05:80da",
    destination: "ff02::2",
    ports: [133, 0],
    ids: ["1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0=", "1:L7Ka0ZMYu+J3bL4ulW2PrqyXNo8="],
  },
  {
    protocol: 58,
    source: "fe80::260:97ff:fe07:69ea",
    destination: "ff02::1",
    ports: [134, 0],
    ids: ["1:pkvHqCL88/tg1k4cPigmZXUtL00=", "1:K/ee5UCqAMAQXDorP5nSa2CGLjc="],
  },
  {
    protocol: 1,
    source: "192.168.0.89",
    destination: "192.168.0.1",
    ports: [8, 0],
    ids: ["1:X0snYXpgwiv9TZtqg64sgzUn6Dk=", "1:03g6IloqVBdcZlPyX8r0hgoE7kA="],
  },
  {
    protocol: 1,
    source: "10.0.0.1",
    destination: "10.0.0.2",
    ports: [11, 0],
    ids: ["1:YHxtAirCG//0OzkcVAukqKQN9xM=", "1:XjUibYHaafLQ3pxQeiMI8g25q20="],
  },
  {
    protocol: 6,
    source: "2001:470:e5bf:dead:4957:2174:e82c:4887",
    destination: "2607:f8b0:400c:c03::1a",
    ports: [63943, 25],
    ids: ["1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=", "1:eJYTW6AOzFLlSUoESovMjnu7rMw="],
  },
  {
    protocol: 132,
    source: "192.168.170.8",
    destination: "192.168.170.56",
    ports: [7, 7],
    ids: ["1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=", "1:5w3ZRjeKBzqT3zsaEECDGjUbYeg="],
  },
  {
    protocol: 6,
    source: "128.232.110.120",
    destination: "66.35.250.204",
    ports: [34855, 80],
    ids: ["1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "1:3V71V58M3Ksw/yuFALMcW0LAHvc="],
  },
  {
    protocol: 17,
    source: "192.168.1.52",
    destination: "8.8.8.8",
    ports: [54585, 53],
    ids: ["1:d/FP5EW3wiY1vCndhwleRRKHowQ=", "1:Q9We8WO3piVF8yEQBNJF4uiSVrI="],
  },
  {
    protocol: 46,
    source: "10.1.12.1",
    destination: "10.1.12.2",
    ids: ["1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=", "1:rYir8gphR31noO9iDRQmF/BteEI="],
  },
];

export const CALCULATED: readonly CommunityIdCase[] = [
  {
    protocol: 6,
    source: "10.0.0.9",
    destination: "10.0.0.9",
    ports: [5000, 6000],
    ids: ["1:LsHPh57gNPvzASDF1u37nX5RpiU=", "1:qc9JB8DGvToLTEkZAjyGYNRG37k="],
  },
  {
    protocol: 17,
    source: "10.0.0.9",
    destination: "10.0.0.10",
    ports: [6000, 6000],
    ids: ["1:mmxUCzHbVmvGukZ7kBp/1f4Ilos=", "1:n/Z4MOc5Wzfs4wVfkLytCv9BQfg="],
  },
  {
    protocol: 17,
    source: "10.0.0.10",
    destination: "10.0.0.9",
    ports: [53, 53],
    ids: ["1:rk9+b3HrFp76uRtGxmPQIELkffU=", "1:gkwhFfWTKVQHG5CLqu11Hr14iZo="],
  },
  {
    protocol: 17,
    source: "2001:db8::9",
    destination: "2001:db8::8",
    ports: [40000, 53],
    ids: ["1:8YXm6orVUb2FpOzNxlJsDUAflgc=", "1:94C37iIBan9K6S80R8OlVuxPovg="],
  },
  {
    protocol: 132,
    source: "2001:db8::8",
    destination: "2001:db8::9",
    ports: [38412, 38412],
    ids: ["1:Zr/tIthf8MUsZ26WzjGyyHyMqQg=", "1:/g1wf71PfCvI7O35d8U1BW0id30="],
  },
  {
    protocol: 1,
    source: "10.0.0.1",
    destination: "10.0.0.2",
    ports: [13, 0],
    ids: ["1:6zK3cgZa+RmEpj3VhWmGXnOWUZk=", "1:rSbXdMRkYSirMqivqAAU5l0McpI="],
  },
  {
    protocol: 1,
    source: "10.0.0.1",
    destination: "10.0.0.2",
    ports: [10, 0],
    ids: ["1:qhJTvE/Qez7ZPSOGlcKJAzRpSO0=", "1:rHBA2Op4cQ374gHy54LXNXWZC+g="],
  },
  {
    protocol: 1,
    source: "10.0.0.2",
    destination: "10.0.0.1",
    ports: [17, 0],
    ids: ["1:l/VKACLiArrnbEnOQacsEqDOAlg=", "1:SEKIU2UmCjWyQIUhC4kRkxeUcMg="],
  },
  {
    protocol: 1,
    source: "10.0.0.1",
    destination: "10.0.0.2",
    ports: [3, 1],
    ids: ["1:gkoOC4ouXvyYq0Ek/WqwbLoqcxM=", "1:pdABApKaCsV1iSZ9FDRrwPpVbyA="],
  },
  {
    protocol: 1,
    source: "10.0.0.2",
    destination: "10.0.0.1",
    ports: [3, 1],
    ids: ["1:JHjlyD5IJJjl3wHWOMj46lLWZag=", "1:LRuJRt81FHpoxjuGvzJgKr7bdys="],
  },
  {
    protocol: 1,
    source: "10.0.0.1",
    destination: "10.0.0.2",
    ports: [5, 1],
    ids: ["1:2XXEt9GBigUspyW9gGPjA/B04Hc=", "1:uAZwmSLGCpRmuWwgB+DAUngyCOM="],
  },
  {
    protocol: 58,
    source: "2001:db8::8",
    destination: "2001:db8::9",
    ports: [130, 0],
    ids: ["1:d01LIgs3vSmw20BGL8fO6l9pbnw=", "1:zDcqclNJH9ZxVg5txfuIgyKUUWw="],
  },
  {
    protocol: 58,
    source: "2001:db8::8",
    destination: "2001:db8::9",
    ports: [139, 0],
    ids: ["1:aWOwzrvSHO2wzj6q3knFwLQMQg0=", "1:GQyMbftLW1kdFGvQ7Zxw7Nd53Jw="],
  },
  {
    protocol: 58,
    source: "2001:db8::8",
    destination: "2001:db8::9",
    ports: [144, 0],
    ids: ["1:sgIpAny1ba1mUVNDSebJzx6nNsU=", "1:+SSMKkJzmjYcY3p8EqpemidnZo8="],
  },
  {
    protocol: 58,
    source: "2001:db8::8",
    destination: "2001:db8::9",
    ports: [2, 0],
    ids: ["1:wKjpxlqrKR2UVxh+OcMUTkXeFX8=", "1:o9bLnB5j8UNEmW8ACVHXgL6BbW0="],
  },
  {
    protocol: 58,
    source: "2001:db8::9",
    destination: "2001:db8::8",
    ports: [143, 0],
    ids: ["1:mPX9yZEOVSphfz48iCNbea+Kt3E=", "1:Lelq6yOOSKYN84CRSogNXuefgis="],
  },
  {
    protocol: 47,
    source: "10.0.0.1",
    destination: "10.0.0.2",
    ids: ["1:+KlEHDT0vJgzs/eNmzHq0aSpRYw=", "1:BuvF116GIMVorQSVAHuZSothg0Q="],
  },
  {
    protocol: 50,
    source: "2001:db8::9",
    destination: "2001:db8::8",
    ids: ["1:3tND51nkY91JJnPsxRTyipOzhlA=", "1:QZvD99AtIJyMh81SEOlqWSzcK9I="],
  },
  {
    protocol: 2,
    source: "10.0.0.1",
    destination: "224.0.0.22",
    ids: ["1:6uvVg1jmaGFYgZGZiM9Q3BxeFp0=", "1:zu7ej/JMKqPdHjZVZt0vYNhndBM="],
  },
  {
    protocol: 253,
    source: "2001:db8::8",
    destination: "2001:db8::9",
    ids: ["1:gmuJiFI/bfdKOUtyOA4D6ooaryg=", "1:MuLItlSLb/zJ4Jd4HM9lskEuWWM="],
  },
];
