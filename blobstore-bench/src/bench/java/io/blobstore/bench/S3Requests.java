package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.nio.ByteBuffer;

/** The requests that the contestants without a client of S3 write themselves: what stands in their first lines. */
final class S3Requests {
    private S3Requests() {}

    static String object(TransferSpec job) {
        return "/" + TransferSpec.BUCKET + "/" + job.key();
    }

    static String create(TransferSpec job) {
        return object(job) + "?uploads";
    }

    /** Part {@code index}, counted from 0. */
    static String part(TransferSpec job, String uploadId, int index) {
        return object(job) + "?partNumber=" + (index + 1) + "&uploadId=" + uploadId;
    }

    static String complete(TransferSpec job, String uploadId) {
        return object(job) + "?uploadId=" + uploadId;
    }

    /** A line of a request's head: what its content has to be. */
    static String checksum(ByteBuffer content) {
        return "x-amz-checksum-crc32c: " + Crc32c.of(content).base64() + "\r\n";
    }

    /** Of the answer to {@link #create}. */
    static String uploadId(String created) {
        String before = "<UploadId>";
        int start = created.indexOf(before) + before.length();
        return created.substring(start, created.indexOf("</UploadId>", start));
    }
}
