// Functions that C99 lacks: a program has those that it calls.

// the remainder between 0 and y
static double mod(double x, double y) {
    double rest = fmod(x, y);
    return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

static double sum_of(int count, const double *x) {
    double result = 0.0;
    for (int i = 0; i < count; i++) result += x[i];
    return result;
}

static double mean_of(int count, const double *x) {
    double total = sum_of(count, x), result = 0.0;
    for (int i = 0; i < count; i++) result += x[i] / count;
    return isfinite(total) ? total / count : result;
}

// the product, in which nothing overflows on the way
static double prod_of(int count, const double *x) {
    double result = 1.0;
    int exponent = 0, shift;
    for (int i = 0; i < count; i++) {
        result *= frexp(x[i], &shift), exponent += shift;
        result = frexp(result, &shift), exponent += shift;
    }
    return ldexp(result, exponent);
}

// for each number the product of the others, from either end, in which nothing overflows on the way
static void others(int count, const double *x, double *rest) {
    double product = 1.0;
    int power[count], exponent = 0, shift;
    for (int i = 0; i < count; i++) {
        rest[i] = product, power[i] = exponent;
        product *= frexp(x[i], &shift), exponent += shift;
        product = frexp(product, &shift), exponent += shift;
    }
    product = 1.0, exponent = 0;
    for (int i = count - 1; i >= 0; i--) {
        rest[i] = ldexp(rest[i] * product, power[i] + exponent);
        product *= frexp(x[i], &shift), exponent += shift;
        product = frexp(product, &shift), exponent += shift;
    }
}

// log(exp(x) + ...), which never overflows
static double logsumexp_of(int count, const double *x) {
    double total = 0.0;
    int largest = 0;
    for (int i = 1; i < count; i++) largest = x[i] > x[largest] ? i : largest;
    for (int i = 0; i < count; i++) total += i == largest ? 0.0 : exp(x[i] - x[largest]);
    return x[largest] + log1p(total);
}

// what each exp(x) has in the sum of all of them: softmax, which never overflows
static void portions(int count, const double *x, double *part) {
    double largest = x[0], total = 0.0;
    for (int i = 1; i < count; i++) largest = fmax(largest, x[i]);
    for (int i = 0; i < count; i++) total += part[i] = exp(x[i] - largest);
    for (int i = 0; i < count; i++) part[i] /= total;
}

static const double PI = 3.14159265358979323846;

static const double E = 2.71828182845904523536;

static double sign(double x) {
    return (x > 0) - (x < 0);
}

// 1 / (1 + exp(-x)), which never overflows
static double sigmoid(double x) {
    if (x >= 0) return 1.0 / (1.0 + exp(-x));
    double z = exp(x);
    return z / (1.0 + z);
}

// log(1 + exp(x)), which never overflows
static double softplus(double x) {
    return fmax(x, 0.0) + log1p(exp(-fabs(x)));
}

// the logarithm of x to a base, exact for powers of 2 and 10
static double log_base(double x, double base) {
    return base == 2 ? log2(x) : base == 10 ? log10(x) : log(x) / log(base);
}

static double max_of(int count, const double *x) {
    double result = x[0];
    for (int i = 1; i < count; i++) result = fmax(result, x[i]);
    return result;
}

static double min_of(int count, const double *x) {
    double result = x[0];
    for (int i = 1; i < count; i++) result = fmin(result, x[i]);
    return result;
}

static double hypot_of(int count, const double *x) {
    double result = fabs(x[0]);
    for (int i = 1; i < count; i++) result = hypot(result, x[i]);
    return result;
}

// psi(s) - psi(x), where both are above 0, and y = s - x: recurrence, asymptotic series
static double rise_above(double x, double s, double y) {
    double total = 0.0;
    for (int k = 0; k < 10; k++) total += y / (s + k) / (x + k);
    x += 10, s += 10;
    static const double series[] = {-691 / 32760.0, 1 / 132.0, -1 / 240.0, 1 / 252.0, -1 / 120.0, 1 / 12.0, 0.0};
    double value = 1 / 12.0, slope = 0.0; // of the series in 1/x^2, and how it rises from there to 1/s^2
    for (int k = 0; k < 7; k++) {
        slope = slope / (x * x) + value;
        value = value / (s * s) + series[k];
    }
    return total + (fabs(y) < x / 2 ? log1p(y / x) : log(s / x)) + (0.5 + slope * (1 / x + 1 / s)) * (y / s / x);
}

// the derivative of lgamma: reflection, recurrence, asymptotic series
static double digamma(double x) {
    if (x <= 0) return digamma(1 - x) - PI / tan(PI * (x - round(x)));
    if (x > 1 && x < 2) // as the rise from its zero, which is so much more than a double
        return rise_above(1.4616321449683622, x, x - 1.4616321449683622 - 9.549995429965697e-17);
    double total = 0.0;
    for (; x < 10; x++) total -= 1 / x;
    double y = 1 / (x * x);
    double series = 1 / 120.0 - y * (1 / 252.0 - y * (1 / 240.0 - y * (1 / 132.0 - y * (691 / 32760.0 - y / 12))));
    return total + log(x) - 0.5 / x - y * (1 / 12.0 - y * series);
}

// the n-th derivative of pi/tan(pi*x), a polynomial in the cotangent: the slope of that is -1 less its square
static double cotangent_slope(double n, double x) {
    double part = x - rint(x), cot = sin(PI * (0.5 - fabs(part))) / sin(PI * part);
    double terms[1010] = {0.0, 1.0}, total = 0.0;
    for (int i = 1; i <= n; i++)
        for (int k = i + 1; k >= 0; k -= 2)
            terms[k] = -(k + 1) * terms[k + 1] - (k > 0 ? (k - 1) * terms[k - 1] : 0.0);
    for (int k = (int)n + 1; k >= 0; k -= 2) total = total * cot * cot + terms[k];
    return pow(PI, n + 1) * total * (fmod(n, 2) == 0 ? cot : 1.0);
}

// the n-th derivative of digamma: reflection, recurrence, asymptotic series
static double polygamma(double n, double x) {
    if (n == 0) return digamma(x);
    if (x <= 0) return (fmod(n, 2) == 1 ? -1 : 1) * polygamma(n, 1 - x) - cotangent_slope(n, x);
    double total = 0.0;
    for (; x < 15 + n; x++) total += 1 / pow(x, n + 1);
    static const double bernoulli[] = {1 / 6.0, -1 / 30.0, 1 / 42.0, -1 / 30.0, 5 / 66.0, -691 / 2730.0, 7 / 6.0};
    double term = 1.0, series = 1 + n / (2 * x);
    for (int k = 0; k < 7; k++) {
        term *= (n + 2 * k) * (n + 2 * k + 1) / ((2 * k + 1) * (2 * k + 2) * x * x);
        series += bernoulli[k] * term;
    }
    double sum = tgamma(n) * series / pow(x, n) + tgamma(n + 1) * total;
    return fmod(n, 2) == 1 ? sum : -sum;
}

// of whole orders; other orders are not in math.h
static double besselj(double n, double x) {
    return n == rint(n) ? jn((int)n, x) : NAN;
}

// of whole orders; other orders are not in math.h
static double bessely(double n, double x) {
    return n == rint(n) ? yn((int)n, x) : NAN;
}

// the power series, DLMF 10.25.2
static double besseli(double n, double x) {
    if (n == rint(n)) n = fabs(n);
    double term = pow(x / 2, n) / tgamma(n + 1);
    double total = term;
    for (int k = 1; k <= fabs(n) + 1 || fabs(term) > 1e-17 * fabs(total); k++) {
        term *= x / 2 / k * (x / 2 / (k + n));
        total += term;
    }
    return total;
}

// the integral of exp(-x*cosh(t))*cosh(n*t), DLMF 10.32.9, by the trapezoidal rule, which is exact to the last digits
static double besselk(double n, double x) {
    n = fabs(n);
    double h = fmin(0.125, 0.5 / sqrt(hypot(n, x)));
    double term = 1.0, total = 0.5;
    for (int k = 1; term > 1e-18 * total; k++) {
        double s = sinh(k * h / 2);
        term = exp(n * k * h - 2 * x * s * s) * (1 + exp(-2 * n * k * h)) / 2;
        total += term;
    }
    return h * exp(-x) * total;
}

// Ai, or its slope: above 1 by K (DLMF 9.6.2, 9.6.3), far below 0 by its expansion (9.7.9, 9.7.10), and between them
// in steps from 0, by Taylor's series of y'' = x*y
static double airy(int slope, double x) {
    double zeta = 2 * fabs(x) * sqrt(fabs(x)) / 3;
    if (x > 1 && slope) return -x / sqrt(3.0) / PI * besselk(2 / 3.0, zeta);
    if (x > 1) return sqrt(x / 3) / PI * besselk(1 / 3.0, zeta);
    if (x < -10) {
        double u = 1.0, parts[] = {0.0, 0.0};
        for (int k = 0; k < 40 && fabs(u) > 1e-18; k++) {
            parts[k % 2] += (slope ? (1 + 6 * k) / (1.0 - 6 * k) : 1.0) * (k % 4 < 2 ? u : -u);
            u *= (6 * k + 1.0) * (6 * k + 3.0) * (6 * k + 5.0) / (216 * (k + 1.0) * (2 * k + 1.0) * zeta);
        }
        double c = cos(zeta - PI / 4), s = sin(zeta - PI / 4), root = sqrt(sqrt(-x));
        return (slope ? root * (s * parts[0] - c * parts[1]) : (c * parts[0] + s * parts[1]) / root) / sqrt(PI);
    }
    double y = 0.35502805388781724, dy = -0.25881940379280680, steps = ceil(2 * fabs(x)), h = x / fmax(steps, 1.0);
    for (int i = 0; i < steps; i++) {
        double before = 0.0, here = y, after = dy, power = 1.0;
        y = dy = 0.0;
        for (int k = 0; k < 30; k++) {
            y += here * power;
            dy += (k + 1) * after * power;
            double next = (i * h * here + before) / ((k + 2) * (k + 1));
            before = here, here = after, after = next, power *= h;
        }
    }
    return slope ? dy : y;
}

// y >= 0 for which erf(y) == x and erfc(y) == rest: Halley's iteration, from Abramowitz and Stegun, 26.2.23
static double erf_root(double x, double rest) {
    double t = sqrt(-2 * log(rest / 2));
    double y = (t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                        (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))) / sqrt(2.0);
    if (x < 0.5) y = x * sqrt(PI) / 2 * (1 + PI * x * x / 12);
    for (int i = 0; i < 3; i++) {
        double step = (x < 0.5 ? x - erf(y) : erfc(y) - rest) * exp(y * y) * sqrt(PI) / 2;
        y += step / (1 - y * step);
    }
    return y;
}

static double erfinv(double x) {
    return x < 0 ? -erf_root(-x, 1 + x) : erf_root(x, 1 - x);
}

static double erfcinv(double x) {
    return x > 1 ? -erf_root(x - 1, 2 - x) : erf_root(1 - x, x);
}

// exp(x*x)*erfc(x): by a continued fraction where that would overflow
static double erfcx(double x) {
    if (x < 5) return exp(x * x) * erfc(x);
    double fraction = x;
    for (int n = 60; n > 0; n--) fraction = x + n / 2.0 / fraction;
    return 1 / (sqrt(PI) * fraction);
}

// the slope of erfcx, whose two terms cancel far out: by the same fraction there
static double erfcxslope(double x) {
    if (x < 5) return 2 * x * erfcx(x) - 2 / sqrt(PI);
    double fraction = x;
    for (int n = 60; n > 1; n--) fraction = x + n / 2.0 / fraction;
    return -erfcx(x) / fraction;
}

// the logarithm of the standard normal distribution function
static double lognormcdf(double x) {
    double u = x / sqrt(2.0);
    return x > 0 ? log1p(-erfc(u) / 2) : log(erfcx(-u) / 2) - u * u;
}

// lambertw(x) + 1 beside -1/e, by the series of Corless et al.
static double branch_rise(double x) {
    double p = sqrt(2 * E * (x + 0.36787944117144233 - 1.2428753672788363e-17));
    return p * (1 - p * (1 / 3.0 - p * (11 / 72.0 - p * (43 / 540.0 - p * (769 / 17280.0 - p * 221 / 8505)))));
}

// w for which w*exp(w) == x, and w >= -1: Halley's iteration
static double lambertw(double x) {
    if (x < -0.36786) return branch_rise(x) - 1;
    double w = x > -0.2 ? log1p(x) : sqrt(2 * E * x + 2) - 1, step = 1;
    for (int i = 0; i < 40 && fabs(step) > 1e-9 * fabs(w); i++) {
        double rest = w - x * exp(-w);
        step = rest / (w + 1 - (w + 2) * rest / (2 * w + 2));
        w -= step;
    }
    return w;
}

static double lambertw_slope(double x) {
    double w = lambertw(x);
    return exp(-w) / (x < -0.36786 ? branch_rise(x) : w + 1);
}

// what lgamma(x) is more than Stirling's formula
static double stirling(double x) {
    double y = 1 / (x * x);
    return (1 - y * (1 / 30.0 - y * (1 / 105.0 - y * (1 / 140.0 - y * (1 / 99.0 - y * 691 / 30030))))) / (12 * x);
}

// how far x + y is from the nearest whole number, without rounding
static double from_whole(double x, double y) {
    double s = x + y, part = s - x;
    return s - rint(s) + (x - (s - part) + (y - part));
}

// sin(pi*(x + y)), without rounding x + y
static double sin_pi(double x, double y) {
    double sine = sin(PI * from_whole(x, y));
    return fmod(rint(x + y), 2) != 0 ? -sine : sine;
}

// log |beta(x, y)|, without the difference of large logarithms (Didonato and Morris, 1992); by reflection below 0
static double log_beta(double x, double y) {
    double p = fmin(x, y), q = fmax(x, y), s = p + q, rest = log1p(-p / s);
    if (p >= 10) {
        double error = stirling(p) + stirling(q) - stirling(s);
        return log(2 * PI / q) / 2 + error + (p - 0.5) * log(p / s) + q * rest;
    }
    if (p > 0 && q >= 10) return lgamma(p) + stirling(q) - stirling(s) + p - p * log(s) + (q - 0.5) * rest;
    if (p > 0) return lgamma(p) + lgamma(q) - lgamma(s);
    if (s > 0) return log(PI / q / fabs(sin_pi(p, 0))) - log_beta(1 - p, s);
    double turn = fabs(sin_pi(p, q) / sin_pi(p, 0));
    if (q > 0) return log(turn) + log_beta(q, 1 - s);
    return log(PI * turn / fabs(sin_pi(q, 0)) / (1 - s)) - log_beta(1 - p, 1 - q);
}

// gamma(x)*gamma(y)/gamma(x + y); 0 where the last of them has a pole
static double euler_beta(double x, double y) {
    if (fmin(x, y) > 0 && fmax(x, y) < 10) return tgamma(x) * (tgamma(y) / tgamma(x + y));
    double turn = x + y <= 0 ? sin_pi(x, y) : 1.0;
    double signs = turn * (x < 0 ? sin_pi(x, 0) : 1.0) * (y < 0 ? sin_pi(y, 0) : 1.0);
    return turn == 0 ? 0.0 : copysign(exp(log_beta(x, y)), signs);
}

// psi(x + y) - psi(x), also where the two are nearly the same; by reflection below 0
static double digamma_rise(double x, double y) {
    double s = x + y;
    if (x > 0 && s > 0) return rise_above(x, s, y);
    if (x < 0.5 && s < 0.5)
        return rise_above(1 - x, 1 - s, -y) + PI * sin_pi(y, 0) / sin_pi(x, 0) / sin_pi(x, y);
    if (x > 0) return rise_above(x, 1 - s, 1 - s - x) - PI / tan(PI * from_whole(x, y));
    return rise_above(1 - x, s, s - 1 + x) + PI / tan(PI * from_whole(x, 0));
}

// the derivative of euler_beta with respect to x
static double beta_slope(double x, double y) {
    if (x + y <= 0 && from_whole(x, y) == 0) return -PI * euler_beta(x, 1 - (x + y)) / sin_pi(x, 0);
    return -euler_beta(x, y) * digamma_rise(x, y);
}

// the sum of 1/k^x by Euler and Maclaurin, DLMF 25.2.9; below 0 by reflection
static double riemann_zeta(double x) {
    if (x < -0.1) {
        double n = rint(x / 2), sine = sin(PI / 2 * (x - 2 * n)) * (fmod(n, 2) != 0 ? -1 : 1);
        return 2 * pow(2 * PI, x - 1) * sine * tgamma(1 - x) * riemann_zeta(1 - x);
    }
    double total = 0.5 * pow(20, -x) + pow(20, 1 - x) / (x - 1), term = x * pow(20, -x - 1);
    for (int k = 19; k > 0; k--) total += pow(k, -x);
    static const double series[] = {12, -720, 30240, -1209600, 47900160};
    for (int k = 0; k < 5; k++) {
        total += term / series[k];
        term *= (x + 2 * k + 1) * (x + 2 * k + 2) / 400;
    }
    return total;
}

// the derivative of that
static double zeta_slope(double x) {
    if (x < -0.1) {
        double y = 1 - x, turn = PI / 2 * fmod(x, 4);
        double terms = sin(turn) * (riemann_zeta(y) * (log(2 * PI) - digamma(y)) - zeta_slope(y));
        return 2 * pow(2 * PI, -y) * tgamma(y) * (terms + PI / 2 * cos(turn) * riemann_zeta(y));
    }
    double log20 = log(20), total = -log20 * 0.5 * pow(20, -x) - pow(20, 1 - x) * (log20 + 1 / (x - 1)) / (x - 1);
    for (int k = 19; k > 1; k--) total -= log(k) * pow(k, -x);
    static const double series[] = {12, -720, 30240, -1209600, 47900160};
    double term = x * pow(20, -x - 1), slope = pow(20, -x - 1) * (1 - x * log20);
    for (int k = 0; k < 5; k++) {
        total += slope / series[k];
        double a = x + 2 * k + 1, b = x + 2 * k + 2;
        slope = (slope * a * b + term * (a + b)) / 400;
        term *= a * b / 400;
    }
    return total;
}
