// Functions that JavaScript lacks: a program has those that it calls.

// the remainder between 0 and y
function mod(x, y) {
  const rest = x % y;
  return rest !== 0 && (rest < 0) !== (y < 0) ? rest + y : rest;
}

// the nearest whole number, half to even
function rint(x) {
  const below = Math.floor(x), rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

function sum_of(xs) {
  return xs.reduce((sum, x) => sum + x);
}

function mean_of(xs) {
  const total = sum_of(xs);
  return Number.isFinite(total) ? total / xs.length : sum_of(xs.map((x) => x / xs.length));
}

// the product, in which nothing overflows on the way: the largest factor is next, or else the smallest
function prod_of(xs) {
  const sorted = [...xs].sort((x, y) => Math.abs(x) - Math.abs(y));
  let product = 1;
  while (sorted.length > 0)
    product *= Number.isFinite(product * sorted[sorted.length - 1]) ? sorted.pop() : sorted.shift();
  return product;
}

// for each number the product of the others, from either end, in which nothing overflows on the way
function others(xs) {
  const split = (x) => {
    const power = x === 0 || !Number.isFinite(x) ? 0 : Math.max(Math.floor(Math.log2(Math.abs(x))), -1000);
    return [x / 2 ** power, power];
  };
  const products = (xs) => xs.reduce((found, x) => {
    const [[before, exponent], [part, power]] = [found[found.length - 1], split(x)];
    const [product, shift] = split(before * part);
    found.push([product, exponent + power + shift]);
    return found;
  }, [[1, 0]]);
  const before = products(xs.slice(0, -1)), behind = products(xs.slice(1).reverse()).reverse();
  return before.map(([product, exponent], i) => {
    const power = Math.min(Math.max(exponent + behind[i][1], -2000), 2000), half = Math.floor(power / 2);
    return product * behind[i][0] * 2 ** half * 2 ** (power - half);
  });
}

// log(exp(x) + ...), which never overflows
function logsumexp(xs) {
  const [largest, ...others] = [...xs].sort((x, y) => y - x);
  return largest + Math.log1p(others.reduce((sum, x) => sum + Math.exp(x - largest), 0));
}

// what each exp(x) has in the sum of all of them: softmax, which never overflows
function portions(xs) {
  const largest = Math.max(...xs), powers = xs.map((x) => Math.exp(x - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

// 1 / (1 + exp(-x)), which never overflows
function sigmoid(x) {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const z = Math.exp(x);
  return z / (1 + z);
}

// log(1 + exp(x)), which never overflows
function softplus(x) {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

// the logarithm of x to a base, exact for powers of 2 and 10
function log_base(x, base) {
  return base === 2 ? Math.log2(x) : base === 10 ? Math.log10(x) : Math.log(x) / Math.log(base);
}

// the error function: a series of positive terms near 0, 1 - erfc beyond
function erf(x) {
  if (Math.abs(x) > 2) return Math.sign(x) * (1 - erfc(Math.abs(x)));
  let term = x, total = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
    term *= 2 * x * x / (2 * n + 1);
    total += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * total;
}

// 1 - erf(x): a continued fraction where that would cancel
function erfc(x) {
  if (x < 1.5) return 1 - erf(x);
  let fraction = x;
  for (let n = 200; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}

// the sum in Lanczos's approximation of gamma(x + 1)
function lanczos(x) {
  const c = [676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];
  return c.reduce((sum, each, i) => sum + each / (x + i + 1), 0.99999999999980993);
}

function gamma(x) {
  if (x < 0.5) return Math.PI / ((Math.round(x) % 2 ? -1 : 1) * Math.sin(Math.PI * (x - Math.round(x))) * gamma(1 - x));
  if (x > 172) return Infinity;
  if (x < 24 && x === Math.floor(x)) { // factorials that are exact
    let product = 1;
    for (let i = 2; i < x; i++) product *= i;
    return product;
  }
  const t = x + 6.5, root = t ** ((x - 0.5) / 2); // the power in two halves, lest it overflow
  return Math.sqrt(2 * Math.PI) * root * Math.exp(-t) * root * lanczos(x - 1);
}

// log |gamma(x)|; beside 1 and 2, where that is 0, by its power series
function lgamma(x) {
  if (x < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * (x - Math.round(x))))) - lgamma(1 - x);
  const z = x - Math.round(x);
  if (x < 2.5 && Math.abs(z) < 0.01) {
    const c = [0.125509669524743, -0.14404989676884612, 0.16955717699740819, -0.20738555102867398, 0.2705808084277845,
      -0.40068563438653143, 0.8224670334241132, -0.5772156649015329]; // (-1)^k*zeta(k)/k, and minus Euler's constant
    return z * c.reduce((sum, each) => sum * z + each) + (x > 1.5 ? Math.log1p(z) : 0);
  }
  const t = x + 6.5;
  return (x - 0.5) * Math.log(t) - t + Math.log(Math.sqrt(2 * Math.PI) * lanczos(x - 1));
}

// the derivative of lgamma: reflection, recurrence, asymptotic series
function digamma(x) {
  if (x <= 0) return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  if (x > 1 && x < 2) // as the rise from its zero, which is so much more than a double
    return rise_above(1.4616321449683622, x, x - 1.4616321449683622 - 9.549995429965697e-17);
  let total = 0;
  for (; x < 10; x++) total -= 1 / x;
  const y = 1 / (x * x);
  const series = 1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * (691 / 32760 - y / 12))));
  return total + Math.log(x) - 0.5 / x - y * (1 / 12 - y * series);
}

// the n-th derivative of pi/tan(pi*x), a polynomial in the cotangent: the slope of that is -1 less its square
function cotangent_slope(n, x) {
  const part = x - Math.round(x), cot = Math.sin(Math.PI * (0.5 - Math.abs(part))) / Math.sin(Math.PI * part);
  let terms = [0, 1];
  for (let i = 0; i < n; i++) {
    terms = [...terms, 0].map((_, k) => -(k + 1) * (terms[k + 1] || 0) - (k - 1) * (terms[k - 1] || 0));
  }
  return Math.PI ** (n + 1) * terms.reduceRight((sum, each) => sum * cot + each);
}

// the n-th derivative of digamma: reflection, recurrence, asymptotic series
function polygamma(n, x) {
  if (n === 0) return digamma(x);
  if (x <= 0) return (-1) ** n * polygamma(n, 1 - x) - cotangent_slope(n, x);
  let total = 0, factorial = 1;
  for (; x < 15 + n; x++) total += 1 / x ** (n + 1);
  for (let i = 2; i < n; i++) factorial *= i;
  let term = 1, series = 1 + n / (2 * x);
  [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6].forEach((bernoulli, k) => {
    term *= (n + 2 * k) * (n + 2 * k + 1) / ((2 * k + 1) * (2 * k + 2) * x * x);
    series += bernoulli * term;
  });
  return (-1) ** (n + 1) * factorial * (series / x ** n + n * total);
}

// [J, Y] of whole order n >= 0 at x > 0: Hankel's expansion far out, else Miller's backward recurrence for J, and
// Neumann's series for Y of orders 0 and 1 (DLMF 10.17.3; Abramowitz and Stegun, 9.1.88)
function bessel_pair(n, x) {
  if (x > 1000 && x > n * n) {
    let term = 1, p = 0, q = 0;
    for (let k = 1; Math.abs(term) > 1e-18 && k < 60; k++) {
      const sign = (k - 1) % 4 < 2 ? 1 : -1;
      if (k % 2) p += sign * term; else q += sign * term;
      term *= (4 * n * n - (2 * k - 1) ** 2) / (8 * k * x);
    }
    const s = Math.sin(x), c = Math.cos(x), r = Math.sqrt(1 / (Math.PI * x));
    const [cosine, sine] = [[c + s, s - c], [s - c, -s - c], [-c - s, c - s], [c - s, s + c]][n % 4];
    return [r * (p * cosine - q * sine), r * (p * sine + q * cosine)];
  }
  const most = Math.max(n, x), j = [];
  let m = 2 * Math.ceil((most + 16 * Math.cbrt(most) + 30) / 2), above = 0, here = 1e-300, norm = 0;
  for (; m >= 0; m--) {
    j[m] = here;
    norm += m % 2 ? 0 : m ? 2 * here : here;
    [above, here] = [here, 2 * m / x * here - above];
    if (Math.abs(here) > 1e200) {
      for (let k = m; k < j.length; k++) j[k] *= 1e-200;
      [above, here, norm] = [above * 1e-200, here * 1e-200, norm * 1e-200];
    }
  }
  const log = Math.log(x / 2) + 0.5772156649015329;
  let y0 = log * j[0], y1 = (log - 1) * j[1] - j[0] / x;
  for (let k = 1; 2 * k + 1 < j.length; k++) {
    const sign = k % 2 ? -1 : 1;
    y0 -= 2 * sign * j[2 * k] / k;
    y1 -= sign * (2 * k + 1) / (k * (k + 1)) * j[2 * k + 1];
  }
  let y = 2 / Math.PI * y0 / norm, next = 2 / Math.PI * y1 / norm;
  for (let k = 1; k <= n; k++) [y, next] = [next, 2 * k / x * next - y];
  return [j[n] / norm, y];
}

// of whole orders
function besselj(n, x) {
  if (n !== Math.round(n)) return NaN;
  const sign = (n < 0) !== (x < 0) && n % 2 ? -1 : 1;
  [n, x] = [Math.abs(n), Math.abs(x)];
  return sign * (x < 1e-5 ? (x / 2) ** n / gamma(n + 1) * (1 - x * x / (4 * n + 4)) : bessel_pair(n, x)[0]);
}

// of whole orders
function bessely(n, x) {
  return n === Math.round(n) ? (n < 0 && n % 2 ? -1 : 1) * bessel_pair(Math.abs(n), x)[1] : NaN;
}

// the power series, DLMF 10.25.2
function besseli(n, x) {
  if (n === Math.round(n)) n = Math.abs(n);
  let term = (x / 2) ** n / gamma(n + 1), total = term;
  for (let k = 1; k <= Math.abs(n) + 1 || Math.abs(term) > 1e-17 * Math.abs(total); k++) {
    term *= x / 2 / k * (x / 2 / (k + n));
    total += term;
  }
  return total;
}

// the integral of exp(-x*cosh(t))*cosh(n*t), DLMF 10.32.9, by the trapezoidal rule, which is exact to the last digits
function besselk(n, x) {
  n = Math.abs(n);
  const h = Math.min(0.125, 0.5 / Math.sqrt(Math.hypot(n, x)));
  let term = 1, total = 0.5;
  for (let k = 1; term > 1e-18 * total; k++) {
    term = Math.exp(n * k * h - 2 * x * Math.sinh(k * h / 2) ** 2) * (1 + Math.exp(-2 * n * k * h)) / 2;
    total += term;
  }
  return h * Math.exp(-x) * total;
}

// Ai, or its slope: above 1 by K (DLMF 9.6.2, 9.6.3), far below 0 by its expansion (9.7.9, 9.7.10), and between them
// in steps from 0, by Taylor's series of y'' = x*y
function airy(slope, x) {
  const zeta = 2 * Math.abs(x) * Math.sqrt(Math.abs(x)) / 3;
  if (x > 1 && slope) return -x / Math.sqrt(3) / Math.PI * besselk(2 / 3, zeta);
  if (x > 1) return Math.sqrt(x / 3) / Math.PI * besselk(1 / 3, zeta);
  if (x < -10) {
    const parts = [0, 0];
    for (let k = 0, u = 1; k < 40 && Math.abs(u) > 1e-18; k++) {
      parts[k % 2] += (slope ? (1 + 6 * k) / (1 - 6 * k) : 1) * (k % 4 < 2 ? u : -u);
      u *= (6 * k + 1) * (6 * k + 3) * (6 * k + 5) / (216 * (k + 1) * (2 * k + 1) * zeta);
    }
    const c = Math.cos(zeta - Math.PI / 4), s = Math.sin(zeta - Math.PI / 4), root = Math.sqrt(Math.sqrt(-x));
    return (slope ? root * (s * parts[0] - c * parts[1]) : (c * parts[0] + s * parts[1]) / root) / Math.sqrt(Math.PI);
  }
  const steps = Math.ceil(2 * Math.abs(x)), h = x / Math.max(steps, 1);
  let y = 0.35502805388781724, dy = -0.25881940379280680;
  for (let i = 0; i < steps; i++) {
    let before = 0, here = y, after = dy, power = 1;
    y = dy = 0;
    for (let k = 0; k < 30; k++) {
      y += here * power;
      dy += (k + 1) * after * power;
      [before, here, after] = [here, after, (i * h * here + before) / ((k + 2) * (k + 1))];
      power *= h;
    }
  }
  return slope ? dy : y;
}

// y >= 0 for which erf(y) == x and erfc(y) == rest: Halley's iteration, from Abramowitz and Stegun, 26.2.23
function erf_root(x, rest) {
  const t = Math.sqrt(-2 * Math.log(rest / 2));
  let y = (t - (2.515517 + t * (0.802853 + t * 0.010328)) /
    (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))) / Math.SQRT2;
  if (x < 0.5) y = x * Math.sqrt(Math.PI) / 2 * (1 + Math.PI * x * x / 12);
  for (let i = 0; i < 3; i++) {
    const step = (x < 0.5 ? x - erf(y) : erfc(y) - rest) * Math.exp(y * y) * Math.sqrt(Math.PI) / 2;
    y += step / (1 - y * step);
  }
  return y;
}

function erfinv(x) {
  return x < 0 ? -erf_root(-x, 1 + x) : erf_root(x, 1 - x);
}

function erfcinv(x) {
  return x > 1 ? -erf_root(x - 1, 2 - x) : erf_root(1 - x, x);
}

// exp(x*x)*erfc(x): by a continued fraction where that would overflow
function erfcx(x) {
  if (x < 5) return Math.exp(x * x) * erfc(x);
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
  return 1 / (Math.sqrt(Math.PI) * fraction);
}

// the slope of erfcx, whose two terms cancel far out: by the same fraction there
function erfcxslope(x) {
  if (x < 5) return 2 * x * erfcx(x) - 2 / Math.sqrt(Math.PI);
  let fraction = x;
  for (let n = 60; n > 1; n--) fraction = x + n / 2 / fraction;
  return -erfcx(x) / fraction;
}

// the logarithm of the standard normal distribution function
function lognormcdf(x) {
  const u = x / Math.SQRT2;
  return x > 0 ? Math.log1p(-erfc(u) / 2) : Math.log(erfcx(-u) / 2) - u * u;
}

// lambertw(x) + 1 beside -1/e, by the series of Corless et al.
function branch_rise(x) {
  const p = Math.sqrt(2 * Math.E * (x + 0.36787944117144233 - 1.2428753672788363e-17));
  return p * (1 - p * (1 / 3 - p * (11 / 72 - p * (43 / 540 - p * (769 / 17280 - p * 221 / 8505)))));
}

// w for which w*exp(w) == x, and w >= -1: Halley's iteration
function lambertw(x) {
  if (x < -0.36786) return branch_rise(x) - 1;
  let w = x > -0.2 ? Math.log1p(x) : Math.sqrt(2 * Math.E * x + 2) - 1, step = 1;
  for (let i = 0; i < 40 && Math.abs(step) > 1e-9 * Math.abs(w); i++) {
    const rest = w - x * Math.exp(-w);
    step = rest / (w + 1 - (w + 2) * rest / (2 * w + 2));
    w -= step;
  }
  return w;
}

function lambertw_slope(x) {
  const w = lambertw(x);
  return Math.exp(-w) / (x < -0.36786 ? branch_rise(x) : w + 1);
}

// what lgamma(x) is more than Stirling's formula
function stirling(x) {
  const y = 1 / (x * x);
  return (1 - y * (1 / 30 - y * (1 / 105 - y * (1 / 140 - y * (1 / 99 - y * 691 / 30030))))) / (12 * x);
}

// how far x + y is from the nearest whole number, without rounding
function from_whole(x, y) {
  const s = x + y, part = s - x;
  return s - Math.round(s) + (x - (s - part) + (y - part));
}

// sin(pi*(x + y)), without rounding x + y
function sin_pi(x, y = 0) {
  return Math.sin(Math.PI * from_whole(x, y)) * (Math.round(x + y) % 2 ? -1 : 1);
}

// log |beta(x, y)|, without the difference of large logarithms (Didonato and Morris, 1992); by reflection below 0
function log_beta(x, y) {
  const p = Math.min(x, y), q = Math.max(x, y), s = p + q, rest = Math.log1p(-p / s);
  if (p >= 10) {
    const error = stirling(p) + stirling(q) - stirling(s);
    return Math.log(2 * Math.PI / q) / 2 + error + (p - 0.5) * Math.log(p / s) + q * rest;
  }
  if (p > 0 && q >= 10) return lgamma(p) + stirling(q) - stirling(s) + p - p * Math.log(s) + (q - 0.5) * rest;
  if (p > 0) return lgamma(p) + lgamma(q) - lgamma(s);
  if (s > 0) return Math.log(Math.PI / q / Math.abs(sin_pi(p))) - log_beta(1 - p, s);
  const turn = Math.abs(sin_pi(p, q) / sin_pi(p));
  if (q > 0) return Math.log(turn) + log_beta(q, 1 - s);
  return Math.log(Math.PI * turn / Math.abs(sin_pi(q)) / (1 - s)) - log_beta(1 - p, 1 - q);
}

// gamma(x)*gamma(y)/gamma(x + y); 0 where the last of them has a pole
function euler_beta(x, y) {
  if (Math.min(x, y) > 0 && Math.max(x, y) < 10) return gamma(x) * (gamma(y) / gamma(x + y));
  const turn = x + y <= 0 ? sin_pi(x, y) : 1;
  const signs = turn * (x < 0 ? sin_pi(x) : 1) * (y < 0 ? sin_pi(y) : 1);
  return turn === 0 ? 0 : Math.sign(signs) * Math.exp(log_beta(x, y));
}

// psi(s) - psi(x), where both are above 0, and y = s - x: recurrence, asymptotic series
function rise_above(x, s, y) {
  let total = 0;
  for (let k = 0; k < 10; k++) total += y / (s + k) / (x + k);
  x += 10, s += 10;
  let value = 1 / 12, slope = 0; // of the series in 1/x^2, and how it rises from there to 1/s^2
  for (const coefficient of [-691 / 32760, 1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12, 0]) {
    slope = slope / (x * x) + value;
    value = value / (s * s) + coefficient;
  }
  const log = Math.abs(y) < x / 2 ? Math.log1p(y / x) : Math.log(s / x);
  return total + log + (0.5 + slope * (1 / x + 1 / s)) * (y / s / x);
}

// psi(x + y) - psi(x), also where the two are nearly the same; by reflection below 0
function digamma_rise(x, y) {
  const s = x + y;
  if (x > 0 && s > 0) return rise_above(x, s, y);
  if (x < 0.5 && s < 0.5) return rise_above(1 - x, 1 - s, -y) + Math.PI * sin_pi(y) / sin_pi(x) / sin_pi(x, y);
  if (x > 0) return rise_above(x, 1 - s, 1 - s - x) - Math.PI / Math.tan(Math.PI * from_whole(x, y));
  return rise_above(1 - x, s, s - 1 + x) + Math.PI / Math.tan(Math.PI * from_whole(x, 0));
}

// the derivative of euler_beta with respect to x
function beta_slope(x, y) {
  if (x + y <= 0 && from_whole(x, y) === 0) return -Math.PI * euler_beta(x, 1 - (x + y)) / sin_pi(x);
  return -euler_beta(x, y) * digamma_rise(x, y);
}

// the sum of 1/k^x by Euler and Maclaurin, DLMF 25.2.9; below 0 by reflection
function riemann_zeta(x) {
  if (x < -0.1) {
    const n = Math.round(x / 2), sine = Math.sin(Math.PI / 2 * (x - 2 * n)) * (n % 2 ? -1 : 1);
    return 2 * (2 * Math.PI) ** (x - 1) * sine * gamma(1 - x) * riemann_zeta(1 - x);
  }
  let total = 0.5 * 20 ** -x + 20 ** (1 - x) / (x - 1), term = x * 20 ** (-x - 1);
  for (let k = 19; k > 0; k--) total += k ** -x;
  [12, -720, 30240, -1209600, 47900160].forEach((each, k) => {
    total += term / each;
    term *= (x + 2 * k + 1) * (x + 2 * k + 2) / 400;
  });
  return total;
}

// the derivative of that
function zeta_slope(x) {
  if (x < -0.1) {
    const y = 1 - x, turn = Math.PI / 2 * (x % 4);
    const terms = Math.sin(turn) * (riemann_zeta(y) * (Math.log(2 * Math.PI) - digamma(y)) - zeta_slope(y));
    return 2 * (2 * Math.PI) ** -y * gamma(y) * (terms + Math.PI / 2 * Math.cos(turn) * riemann_zeta(y));
  }
  const log20 = Math.log(20);
  let total = -0.5 * log20 * 20 ** -x - 20 ** (1 - x) * (log20 + 1 / (x - 1)) / (x - 1);
  for (let k = 19; k > 1; k--) total -= Math.log(k) * k ** -x;
  let term = x * 20 ** (-x - 1), slope = 20 ** (-x - 1) * (1 - x * log20);
  [12, -720, 30240, -1209600, 47900160].forEach((each, k) => {
    const a = x + 2 * k + 1, b = x + 2 * k + 2;
    total += slope / each;
    slope = (slope * a * b + term * (a + b)) / 400;
    term *= a * b / 400;
  });
  return total;
}
