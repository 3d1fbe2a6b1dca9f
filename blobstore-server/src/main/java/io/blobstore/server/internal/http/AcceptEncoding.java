package io.blobstore.server.internal.http;

import java.util.List;
import java.util.Locale;

/**
 * Which encodings a client accepts (RFC 9110, 12.5.3).
 *
 * @param zstd whether it accepts zstd, and likes it no less than the content as it is
 * @param identity whether it accepts the content as it is
 */
record AcceptEncoding(boolean zstd, boolean identity) {
    private static final double UNSET = -1;

    /** Parses the header fields of that name; a part that is not valid is ignored. */
    static AcceptEncoding parse(List<String> fields) {
        double zstd = UNSET;
        double identity = UNSET;
        double other = UNSET;
        for (String field : fields) {
            for (String part : field.split(",", -1)) {
                String[] parameters = part.split(";", -1);
                double quality = quality(parameters);
                switch (parameters[0].strip().toLowerCase(Locale.ROOT)) {
                    case "zstd" -> zstd = quality;
                    case "identity" -> identity = quality;
                    case "*" -> other = quality;
                    default -> {} // an encoding that is not offered
                }
            }
        }
        // "*" stands for what is not named. Nobody who does not name zstd gets it: many send "*" and cannot decode it.
        double identityQuality = identity != UNSET ? identity : other == 0 ? 0 : Double.MIN_VALUE;
        return new AcceptEncoding(zstd > 0 && zstd >= identityQuality, identityQuality > 0);
    }

    /** Returns the value of the parameter q, from 0 to 1; 0 if it is not valid. */
    private static double quality(String[] parameters) {
        for (int i = 1; i < parameters.length; i++) {
            String parameter = parameters[i].strip();
            if (parameter.regionMatches(true, 0, "q=", 0, 2)) {
                String value = parameter.substring(2);
                return value.matches("0(\\.[0-9]{0,3})?|1(\\.0{0,3})?") ? Double.parseDouble(value) : 0;
            }
        }
        return 1;
    }
}
