package io.blobstore.s3;

import io.blobstore.BlobVersion;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The ETag that S3 gives to a blob of several parts: the MD5 of the concatenated MD5s of its parts, in hexadecimal, and
 * {@code -} and the number of parts. Amazon does not document it, but S3 and most compatible servers do it.
 *
 * <p>If a blob has the ETag that follows from the ETags of the parts, it consists of these parts, whatever their ETags
 * are computed from. If not, nothing is proven: with encryption by KMS or by a customer key, and on some servers, ETags
 * are computed otherwise.
 */
final class MultipartEtag {
    private static final int MD5_BYTES = 16;

    private MultipartEtag() {}

    /** Returns whether the version of a blob proves that it consists of these parts. */
    static boolean proves(BlobVersion version, List<MultipartRequests.Part> parts) {
        return of(parts)
                .filter(expected ->
                        expected.equalsIgnoreCase(VersionTag.of(version).etag().replace("\"", "")))
                .isPresent();
    }

    /** Returns the ETag of a blob without quotes; empty if the parts' ETags do not have the form of MD5s. */
    private static Optional<String> of(List<MultipartRequests.Part> parts) {
        MessageDigest md5 = md5();
        for (MultipartRequests.Part part : parts) {
            byte[] bytes;
            try {
                bytes = HexFormat.of().parseHex(part.etag().replace("\"", "").toLowerCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                return Optional.empty();
            }
            if (bytes.length != MD5_BYTES) {
                return Optional.empty();
            }
            md5.update(bytes);
        }
        return Optional.of(HexFormat.of().formatHex(md5.digest()) + "-" + parts.size());
    }

    private static MessageDigest md5() {
        try {
            return MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has MD5", e);
        }
    }
}
