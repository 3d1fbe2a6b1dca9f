package io.blobstore.cli;

import java.util.Optional;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Uses the buckets that environment variables name. */
@ParameterizedClass
@ValueSource(
        strings = {"BLOBSTORE_TEST_S3_URI", "BLOBSTORE_TEST_VERSITYGW_URI", S3CommandsTest.MINIO, S3CommandsTest.MOTO})
class S3CommandsTest extends BucketCommands {
    static final String MINIO = "BLOBSTORE_TEST_MINIO_URI";
    static final String MOTO = "BLOBSTORE_TEST_MOTO_URI";

    @Parameter
    String variable = "";

    @Override
    String bucket() {
        return Optional.ofNullable(System.getenv(variable)).orElse("");
    }

    /** Returns whether the server keeps checksums; moto ignores those without {@code x-amz-sdk-checksum-algorithm}. */
    @Override
    boolean keepsChecksums() {
        return !variable.equals(MOTO);
    }

    /** Returns whether the server lists uploads by prefix; MinIO lists those of the key that equals the prefix. */
    @Override
    boolean listsUploads() {
        return !variable.equals(MINIO);
    }

    /** Returns whether the server reports when uploads were begun; moto reports a day in 2010. */
    @Override
    boolean datesUploads() {
        return !variable.equals(MOTO);
    }
}
