package io.blobstore;

/**
 * The operation of a store that failed, as {@link BlobStoreException#operation()} names it.
 *
 * <p>Later versions may add constants: a {@code switch} over an operation needs a {@code default}.
 */
public enum Operation {
    /** {@link BlobStores#open Opens} a store. */
    OPEN("open"),
    /** {@link BlobStore#store Stores} a blob with one call. */
    STORE("store"),
    /** {@link BlobStore#read Reads} a blob or a range of it. */
    READ("read"),
    /** Requests a blob's {@link BlobStore#head metadata}. */
    HEAD("head"),
    /** Appends to a blob that grows, in stores that have such blobs. */
    APPEND("append"),
    /** {@link BlobStore#list Lists} blobs. */
    LIST("list"),
    /** {@link BlobStore#delete Deletes} one blob, or several given by their keys. */
    DELETE("delete"),
    /** {@link BlobStore#deleteAll Deletes all} blobs whose keys have one prefix. */
    DELETE_ALL("deleteAll"),
    /** {@link BlobStore#copy Copies} a blob inside its store. */
    COPY("copy"),
    /** Creates a {@link BlobStore#presign presigned} URL. */
    PRESIGN("presign"),
    /** {@link BlobStore#createMultipartUpload Creates} a multipart upload. */
    CREATE_UPLOAD("create upload"),
    /** {@link BlobStore#resumeMultipartUpload Resumes} a multipart upload. */
    RESUME_UPLOAD("resume upload"),
    /** Uploads a {@link MultipartUpload#uploadPart part}. */
    UPLOAD_PART("upload part"),
    /** {@link MultipartUpload#complete Completes} a multipart upload. */
    COMPLETE_UPLOAD("complete upload"),
    /** {@link MultipartUpload#abort Aborts} a multipart upload. */
    ABORT_UPLOAD("abort upload"),
    /** {@link BlobStore#listUploads Lists} incomplete uploads. */
    LIST_UPLOADS("list uploads"),
    /** Reads a file that is the {@link BlobSource#ofPath source} of a blob. */
    READ_SOURCE("read source file"),
    /** Writes to the {@link BlobTarget target} of a read or download. */
    WRITE_TARGET("write to target");

    private final String text;

    Operation(String text) {
        this.text = text;
    }

    /** Returns the verb with which messages of errors begin, such as "store". */
    @Override
    public String toString() {
        return text;
    }
}
