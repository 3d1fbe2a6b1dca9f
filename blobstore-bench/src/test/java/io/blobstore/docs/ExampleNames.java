package io.blobstore.docs;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.gcs.GcsBlobStore;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.TransferManager;
import java.nio.file.Path;

/** The names that examples in the documents use without declaring them: the same in all pages. */
abstract class ExampleNames {
    protected BlobStore store;
    protected BlobStore remote;
    protected BlobKey key;
    protected TransferManager transfers;
    protected MappedFile memory;
    protected Path directory;
    protected Path image;
    protected Path copy;
    protected Path log;
    protected Path artifact;
    protected Path disk;
    protected Path first;
    protected Path second;
    protected byte[] body;
    protected Runnable application;
    protected GcsBlobStore zonal;
    protected BlobSource content;
    protected long generation;
}
